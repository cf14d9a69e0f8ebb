import { classify } from './classify.ts';
import type { Collection } from './collectionLog.ts';
import type { DetectedKind, Evidence } from './detectedPause.ts';
import type { LateBeat } from './heartbeat.ts';
import type { Gap } from './loopWatch.ts';

/** What was used while the gap lasted, and at most one tick before. Milliseconds, null: unknown. */
export type Usage = Pick<
  Evidence,
  'processCpuMs' | 'mainThreadCpuMs' | 'runDelayMs' | 'throttledMs'
>;

export interface JudgedPause {
  readonly kind: DetectedKind;
  readonly startMs: number;
  readonly endMs: number;
  readonly evidence: Evidence;
}

/** What is known of the other thread. */
export interface SeenHeartbeat {
  readonly lateBeats: readonly LateBeat[];
  beatBetween(fromMs: number, toMs: number): boolean;
}

export interface Limits {
  /** Shorter pauses are none. */
  readonly minimumMs: number;
  /** By how much the gap may begin too early or end too late. */
  readonly toleranceMs: number;
}

/** More lateness than this that neither work nor want of a core explains: the beat was stopped. */
const STOPPED_BEAT_MS = 2.5;

/**
 * Joins what the loop, the collector and the other thread saw. Times in milliseconds of one clock.
 * @param collections ordered by their ends.
 * @param heartbeat null: nobody beat.
 * @returns null: no pause, or none that is long enough.
 */
export function judge(
  gap: Gap,
  collections: readonly Collection[],
  heartbeat: SeenHeartbeat | null,
  usage: Usage,
  limits: Limits,
): JudgedPause | null {
  const stops = heartbeat?.lateBeats
    .filter(
      ({ dueMs, atMs, explainedMs }) => atMs - dueMs - Math.max(explainedMs, 0) >= STOPPED_BEAT_MS,
    )
    .filter(({ beforeMs, atMs }) => beforeMs < gap.endMs && atMs > gap.earliestMs);
  let { startMs, endMs } = gap.inPoll
    ? stopBounds(gap, stops ?? [])
    : { startMs: gap.earliestMs, endMs: gap.endMs };
  const within = collections.filter((one) => one.startMs < endMs && one.endMs > startMs);
  const gcMs = coveredMs(within, startMs, endMs);
  const evidence: Evidence = {
    loopStallMs: gap.inPoll ? 0 : endMs - startMs,
    gcMs,
    ...usage,
    heartbeatGapMs: heartbeat && stops ? gapMs(heartbeat, stops, startMs, endMs) : null,
  };
  if (endMs - startMs < limits.minimumMs) return null;
  const kind = classify(evidence, endMs - startMs);
  if (kind === 'gc') {
    // V8 knows to the microsecond what the loop knows to a tick.
    const firstMs = Math.min(...within.map((one) => one.startMs));
    const lastMs = within.at(-1)?.endMs ?? endMs;
    if (firstMs > startMs && firstMs - startMs <= limits.toleranceMs) startMs = firstMs;
    if (lastMs < endMs && endMs - lastMs <= limits.toleranceMs) endMs = lastMs;
  }
  return { kind, startMs, endMs, evidence };
}

/**
 * A stop began after the last sign of life of either thread, and before the first one that was due
 * did not come: half-way between. It ended before the first new sign. Where the other thread did
 * not stop, this one was only late to wake, from when it was to.
 */
function stopBounds(gap: Gap, stops: readonly LateBeat[]): { startMs: number; endMs: number } {
  const [longest] = stops.toSorted((a, b) => b.atMs - b.beforeMs - (a.atMs - a.beforeMs));
  if (longest === undefined) return { startMs: gap.latestMs, endMs: gap.latestEndMs };
  const earliestMs = Math.max(gap.earliestMs, longest.beforeMs);
  const latestMs = Math.min(gap.latestMs, longest.dueMs);
  const startMs = latestMs > earliestMs ? (earliestMs + latestMs) / 2 : earliestMs;
  // What the loop did after its last tick and before it waited counts as time after the waiting.
  const endMs = Math.min(gap.latestEndMs, Math.max(gap.endMs, longest.atMs));
  return { startMs, endMs: Math.max(startMs, endMs) };
}

/** How long it stood still; null: neither a late beat nor one in time tells. */
function gapMs(
  heartbeat: SeenHeartbeat,
  stops: readonly LateBeat[],
  startMs: number,
  endMs: number,
): number | null {
  if (stops.length === 0) return heartbeat.beatBetween(startMs, endMs) ? 0 : null;
  let sumMs = 0;
  for (const { beforeMs, atMs, explainedMs } of stops) {
    sumMs += Math.min(atMs, endMs) - Math.max(beforeMs, startMs) - explainedMs;
  }
  return Math.max(0, sumMs);
}

/** Total length of the union within start and end; collections may contain each other. */
function coveredMs(collections: readonly Collection[], startMs: number, endMs: number): number {
  let sumMs = 0;
  let coveredToMs = startMs;
  for (const one of collections.toSorted((a, b) => a.startMs - b.startMs)) {
    const fromMs = Math.max(one.startMs, coveredToMs);
    const toMs = Math.min(one.endMs, endMs);
    if (toMs <= fromMs) continue;
    sumMs += toMs - fromMs;
    coveredToMs = toMs;
  }
  return sumMs;
}
