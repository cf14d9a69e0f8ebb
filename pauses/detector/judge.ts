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

/** More lateness than this that neither work nor want of a core explains: the beat was stopped. */
const STOPPED_BEAT_MS = 2.5;

/**
 * Joins what the loop, the collector and the other thread saw. Times in milliseconds of one clock.
 * @param collections ordered by their ends.
 * @param lateBeats null: nobody beat.
 * @param toleranceMs by how much the gap may begin too early or end too late.
 */
export function judge(
  gap: Gap,
  collections: readonly Collection[],
  lateBeats: readonly LateBeat[] | null,
  usage: Usage,
  toleranceMs: number,
): JudgedPause {
  const stops = lateBeats
    ?.filter(
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
    heartbeatGapMs: stops
      ? Math.max(
          0,
          stops.reduce(
            (sum, { beforeMs, atMs, explainedMs }) =>
              sum + Math.min(atMs, endMs) - Math.max(beforeMs, startMs) - explainedMs,
            0,
          ),
        )
      : null,
  };
  const kind = classify(evidence, endMs - startMs);
  if (kind === 'gc') {
    // V8 knows to the microsecond what the loop knows to a tick.
    const firstMs = Math.min(...within.map((one) => one.startMs));
    const lastMs = within.at(-1)?.endMs ?? endMs;
    if (firstMs > startMs && firstMs - startMs <= toleranceMs) startMs = firstMs;
    if (lastMs < endMs && endMs - lastMs <= toleranceMs) endMs = lastMs;
  }
  return { kind, startMs, endMs, evidence };
}

/**
 * A stop began after the last sign of life of either thread, and before the first one that was due
 * did not come: half-way between. It ended before the first new sign.
 */
function stopBounds(gap: Gap, stops: readonly LateBeat[]): { startMs: number; endMs: number } {
  const long = stops.reduce<LateBeat | null>(
    (longest, stop) =>
      longest === null || stop.atMs - stop.beforeMs > longest.atMs - longest.beforeMs
        ? stop
        : longest,
    null,
  );
  const earliestMs = Math.max(gap.earliestMs, long?.beforeMs ?? gap.earliestMs);
  const latestMs = Math.min(gap.latestMs, long?.dueMs ?? gap.latestMs);
  const startMs = latestMs > earliestMs ? (earliestMs + latestMs) / 2 : earliestMs;
  const endMs = Math.min(gap.endMs, long?.atMs ?? gap.endMs);
  return { startMs, endMs: Math.max(startMs, endMs) };
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
