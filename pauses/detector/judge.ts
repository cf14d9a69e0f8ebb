import { classify } from './classify.ts';
import type { Collection } from './collectionLog.ts';
import type { DetectedKind, Evidence } from './detectedPause.ts';
import type { LateBeat } from './heartbeat.ts';
import type { Gap } from './loopWatch.ts';

/**
 * What was used while the gap lasted: as of the last tick before it, less what the thread will have
 * used until it began. Milliseconds, null: unknown.
 */
export type Usage = Pick<
  Evidence,
  'processCpuMs' | 'mainThreadCpuMs' | 'runDelayMs' | 'throttledMs' | 'processStopped'
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

/** A beat that is later than this was not late by chance. */
const LATE_BEAT_MS = 2.5;

/**
 * Joins what the loop, the collector and the other thread saw. Times in milliseconds of one clock.
 *
 * Where most of a stall was a collection or a stop, its edges are known better than from the loop.
 * What the thread did before and after that is a pause of its own if it is long enough for one.
 * @param collections ordered by their ends.
 * @param heartbeat null: nobody beat.
 * @param minimumMs shorter pauses are none.
 * @returns by rising start; none overlap.
 */
export function judge(
  gap: Gap,
  collections: readonly Collection[],
  heartbeat: SeenHeartbeat | null,
  usage: Usage,
  minimumMs: number,
): JudgedPause[] {
  const silences =
    heartbeat?.lateBeats.filter(
      ({ beforeMs, dueMs, atMs }) =>
        atMs - dueMs >= LATE_BEAT_MS && beforeMs < gap.latestEndMs && atMs > gap.earliestMs,
    ) ?? null;
  // Where the process was not stopped, the other thread waited for a core.
  const stops = usage.processStopped === false ? [] : (silences ?? []);
  const longest = stops.toSorted((a, b) => b.atMs - b.beforeMs - (a.atMs - a.beforeMs))[0] ?? null;

  function seen(startMs: number, endMs: number, used: Usage): JudgedPause {
    const evidence: Evidence = {
      loopStallMs: gap.inPoll ? 0 : endMs - startMs,
      gcMs: coveredMs(overlapping(collections, startMs, endMs), startMs, endMs),
      ...used,
      heartbeatGapMs:
        heartbeat && silences
          ? gapMs(heartbeat, silences, startMs, endMs, used.processStopped === true)
          : null,
    };
    return { kind: classify(evidence, endMs - startMs), startMs, endMs, evidence };
  }

  const { startMs, endMs } = gap.inPoll ? stopBounds(gap, longest) : stallBounds(gap, collections);
  if (endMs - startMs < minimumMs) return [];
  const whole = seen(startMs, endMs, usage);
  const core = coreOf(whole, overlapping(collections, startMs, endMs), gap.inPoll ? null : longest);
  if (core === null) return [whole];

  const restMs = core.startMs - startMs + (endMs - core.endMs);
  const pauses: JudgedPause[] = [{ ...whole, ...core }];
  for (const [fromMs, toMs] of [
    [startMs, core.startMs],
    [core.endMs, endMs],
  ] as const) {
    if (toMs - fromMs < minimumMs) continue;
    const rest = seen(fromMs, toMs, unknownUsage(usage));
    // It may as well have waited for a core.
    const isSure = (usage.runDelayMs ?? 0) < restMs / 2;
    pauses.push(isSure ? rest : { ...rest, kind: 'unknown' });
  }
  return pauses.toSorted((a, b) => a.startMs - b.startMs);
}

/** From what else than the loop the edges are known; null: from nothing. */
function coreOf(
  { kind, startMs, endMs, evidence }: JudgedPause,
  collections: readonly Collection[],
  stop: LateBeat | null,
): { startMs: number; endMs: number } | null {
  if (kind === 'gc') {
    const firstMs = Math.min(...collections.map((one) => one.startMs));
    const lastMs = collections.at(-1)?.endMs ?? endMs;
    return { startMs: Math.max(firstMs, startMs), endMs: Math.min(lastMs, endMs) };
  }
  if (kind === 'freeze' && stop !== null) {
    // Once continued, it may have waited for a core while the other thread had one.
    return { startMs, endMs: Math.min(endMs, stop.atMs + (evidence.runDelayMs ?? 0)) };
  }
  return null;
}

/** What was used in a part of the time is not known. */
function unknownUsage({ processStopped }: Usage): Usage {
  return {
    processCpuMs: null,
    mainThreadCpuMs: null,
    runDelayMs: null,
    throttledMs: null,
    processStopped,
  };
}

/**
 * A stop began after the last sign of life of either thread, and before the first one that was due
 * did not come: half-way between. It ended before the first new sign. Where the other thread did
 * not stop, this one was only late to wake, from when it was to.
 */
function stopBounds(gap: Gap, longest: LateBeat | null): { startMs: number; endMs: number } {
  if (longest === null) return { startMs: gap.latestMs, endMs: gap.latestEndMs };
  const earliestMs = Math.max(gap.earliestMs, longest.beforeMs);
  const latestMs = Math.min(gap.latestMs, longest.dueMs);
  const startMs = latestMs > earliestMs ? (earliestMs + latestMs) / 2 : earliestMs;
  // What the loop did after its last tick and before it waited counts as time after the waiting.
  const endMs = Math.min(gap.latestEndMs, Math.max(gap.endMs, longest.atMs));
  return { startMs, endMs: Math.max(startMs, endMs) };
}

/**
 * Of a stall only the length may be certain, and that it lay between two times. Where most of it was
 * collected, it was around the longest collection; else it is put half-way.
 */
function stallBounds(
  { earliestMs, latestMs, endMs, latestEndMs }: Gap,
  collections: readonly Collection[],
): { startMs: number; endMs: number } {
  const lengthMs = endMs - earliestMs;
  const within = overlapping(collections, earliestMs, latestEndMs);
  const isCollected = coveredMs(within, earliestMs, latestEndMs) >= lengthMs / 2;
  const [longest] = within.toSorted((a, b) => b.endMs - b.startMs - (a.endMs - a.startMs));
  const middleMs =
    isCollected && longest ? (longest.startMs + longest.endMs) / 2 : (earliestMs + latestEndMs) / 2;
  const startMs = Math.min(Math.max(middleMs - lengthMs / 2, earliestMs), latestMs);
  return { startMs, endMs: startMs + lengthMs };
}

/** How long it stood still; null: neither a late beat nor one in time tells. */
function gapMs(
  heartbeat: SeenHeartbeat,
  silences: readonly LateBeat[],
  startMs: number,
  endMs: number,
  wasStopped: boolean,
): number | null {
  let sumMs = 0;
  for (const { beforeMs, atMs } of silences) {
    sumMs += Math.max(0, Math.min(atMs, endMs) - Math.max(beforeMs, startMs));
  }
  if (sumMs > 0) return sumMs;
  // At the edges it may have beaten all the same if it was stopped.
  const edgeMs = wasStopped ? (endMs - startMs) / 4 : 0;
  return heartbeat.beatBetween(startMs + edgeMs, endMs - edgeMs) ? 0 : null;
}

function overlapping(collections: readonly Collection[], startMs: number, endMs: number) {
  return collections.filter((one) => one.startMs < endMs && one.endMs > startMs);
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
