import type { OutsideVisit } from './outsideRecord.ts';

export interface TrueInterval {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * What a pause did to a request. `edge`: it would be something else if times were a little
 * different. `mixed`: queued, but the service found another pause on the way, and by that the
 * backlog is no longer of this pause alone.
 */
export type Verdict = 'hit' | 'queued' | 'untouched' | 'edge' | 'mixed';

export interface Truth {
  readonly verdicts: ReadonlyMap<OutsideVisit, Verdict>;
  /** From the pause's end until the backlog had drained, as seen from outside. */
  readonly drainMs: number;
}

/**
 * Whom a pause hit and whom it made queue, from what other processes saw.
 *
 * hit: sent before the pause's end and not answered before its begin. An answer that the caller read
 * while the pause lasted had left before it: who stands still answers nobody.
 * queued: sent after the end, before the backlog had drained. The backlog is followed by a cursor
 * from the pause's end: whoever was sent before it and showed the first sign of being worked on
 * later than usual moves it to when its turn must have come, which is that sign less the usual time
 * from sending to it, or at most to the sign. Who came between these limits is on the edge.
 *
 * @param visits by rising `sentMs`.
 * @param usualMs from sending to the first sign, where there is nothing to wait for.
 * @param edgeMs how far times may be off.
 * @param nextMs when the next pause begins, or Infinity: the drain is not followed beyond.
 * @param others when pauses began that nobody made.
 */
export function trueVictims(
  pause: TrueInterval,
  visits: readonly OutsideVisit[],
  usualMs: number,
  edgeMs: number,
  nextMs = Number.POSITIVE_INFINITY,
  others: readonly number[] = [],
): Truth {
  const limitMs = Math.max(nextMs, pause.endMs);
  const drainedMs = Math.min(drainEnd(pause, visits, usualMs), limitMs);
  const latestMs = Math.min(drainEnd(pause, visits, 0), limitMs);
  const between = others.filter((ms) => ms > pause.endMs - edgeMs && ms < latestMs);
  const verdicts = new Map<OutsideVisit, Verdict>();
  for (const visit of visits) {
    const verdict = verdictOn(visit, pause, drainedMs, latestMs, edgeMs);
    const isMixed = verdict === 'queued' && between.some((ms) => ms < visit.endMs);
    verdicts.set(visit, isMixed ? 'mixed' : verdict);
  }
  return { verdicts, drainMs: drainedMs - pause.endMs };
}

function drainEnd(pause: TrueInterval, visits: readonly OutsideVisit[], usualMs: number): number {
  let cursorMs = pause.endMs;
  for (const { sentMs, endMs, signMs } of visits) {
    if (sentMs > cursorMs) break;
    if (endMs < pause.startMs || signMs === null) continue;
    cursorMs = Math.max(cursorMs, signMs - usualMs);
  }
  return cursorMs;
}

function verdictOn(
  { sentMs, endMs, answered }: OutsideVisit,
  { startMs, endMs: overMs }: TrueInterval,
  drainedMs: number,
  latestMs: number,
  edgeMs: number,
): Verdict {
  const near = (a: number, b: number) => Math.abs(a - b) <= edgeMs;
  if (near(sentMs, overMs)) return 'edge';
  if (sentMs < overMs) {
    if (near(endMs, startMs)) return 'edge';
    if (answered && endMs < overMs && endMs > startMs) {
      return near(endMs, overMs) ? 'edge' : 'untouched';
    }
    return endMs < startMs ? 'untouched' : 'hit';
  }
  if (sentMs < drainedMs - edgeMs) return 'queued';
  return latestMs > overMs && sentMs <= latestMs + edgeMs ? 'edge' : 'untouched';
}
