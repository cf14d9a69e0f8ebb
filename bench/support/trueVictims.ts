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

/** How long what the service is sent takes where nothing waits before it. Milliseconds. */
export interface UsualTimes {
  /** From the sending of a request to the first sign of work on it. */
  readonly signMs: number;
  /** From an answer further down to the answer that the service gives then. */
  readonly restMs: number;
}

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
 * queued: sent after the end, before the backlog had drained: before the first moment at which nothing
 * that the service had been sent, be it a request or an answer from further down, waited for its turn.
 *
 * The backlog is followed by a cursor from the pause's end: whatever was sent before it and was seen
 * to be worked on later than usual moves it to when its turn must have come, which is the moment of
 * that sign, or as much earlier as the tap may have had it, less the usual time from sending to it;
 * but no later than it had been sent and the service was done with what it was seen to work on before,
 * because what took longer then was the work. At most that turn came at the sign. Who came between
 * these limits is on the edge, and who is on another side of one by when his caller began to send.
 *
 * @param visits by rising `sentMs`.
 * @param edgeMs how far times may be off.
 * @param nextMs when the next pause begins, or Infinity: the drain is not followed beyond.
 * @param others when pauses began that nobody made.
 */
export function trueVictims(
  pause: TrueInterval,
  visits: readonly OutsideVisit[],
  usual: UsualTimes,
  edgeMs: number,
  nextMs = Number.POSITIVE_INFINITY,
  others: readonly number[] = [],
): Truth {
  const limitMs = Math.max(nextMs, pause.endMs);
  const jobs = jobsOf(visits, usual);
  const drainedMs = Math.min(drainEnd(pause, jobs, 'sentMs', 'turnMs'), limitMs);
  const latestMs = Math.min(drainEnd(pause, jobs, 'callMs', 'doneMs'), limitMs);
  const between = others.filter((ms) => ms > pause.endMs - edgeMs && ms < latestMs);
  const verdicts = new Map<OutsideVisit, Verdict>();
  for (const visit of visits) {
    const verdict = verdictOn(visit, pause, drainedMs, latestMs, edgeMs);
    const isMixed = verdict === 'queued' && between.some((ms) => ms < visit.endMs);
    verdicts.set(visit, isMixed ? 'mixed' : verdict);
  }
  return { verdicts, drainMs: drainedMs - pause.endMs };
}

/** Something that was sent to the service, and when it was seen to have been worked on. */
interface Job {
  /** When it may have been sent at the earliest. */
  readonly callMs: number;
  readonly sentMs: number;
  /** When its turn must have come. */
  readonly turnMs: number;
  readonly doneMs: number;
}

function jobsOf(visits: readonly OutsideVisit[], usual: UsualTimes): Job[] {
  const jobs: (Job & { readonly behindMs: number })[] = [];
  for (const visit of visits) {
    const { callMs, sentMs, signMs, endMs, answered, returnedMs } = visit;
    const { signBehindMs = 0, endBehindMs = 0 } = visit;
    if (signMs !== null) {
      const turnMs = signMs - signBehindMs - usual.signMs;
      jobs.push({ callMs, sentMs, turnMs, doneMs: signMs, behindMs: signBehindMs });
    }
    if (answered && returnedMs !== null) {
      const turnMs = endMs - endBehindMs - usual.restMs;
      const sent = { callMs: returnedMs, sentMs: returnedMs };
      jobs.push({ ...sent, turnMs, doneMs: endMs, behindMs: endBehindMs });
    }
  }
  let freeMs = Number.NEGATIVE_INFINITY;
  return jobs
    .toSorted((a, b) => a.doneMs - b.doneMs)
    .map(({ behindMs, ...job }) => {
      const turnMs = Math.min(job.turnMs, Math.max(job.sentMs, freeMs));
      freeMs = job.doneMs - behindMs;
      return { ...job, turnMs };
    });
}

function drainEnd(
  pause: TrueInterval,
  jobs: readonly Job[],
  sent: 'callMs' | 'sentMs',
  reached: 'turnMs' | 'doneMs',
): number {
  let cursorMs = pause.endMs;
  for (const job of jobs.toSorted((a, b) => a[sent] - b[sent])) {
    if (job[sent] > cursorMs) break;
    if (job.doneMs >= pause.startMs) cursorMs = Math.max(cursorMs, job[reached]);
  }
  return cursorMs;
}

function verdictOn(
  { callMs, sentMs, endMs, answered }: OutsideVisit,
  { startMs, endMs: overMs }: TrueInterval,
  drainedMs: number,
  latestMs: number,
  edgeMs: number,
): Verdict {
  const near = (a: number, b: number) => Math.abs(a - b) <= edgeMs;
  if (callMs - edgeMs <= overMs && overMs <= sentMs + edgeMs) return 'edge';
  if (sentMs < overMs) {
    if (near(endMs, startMs)) return 'edge';
    if (answered && endMs < overMs && endMs > startMs) {
      return near(endMs, overMs) ? 'edge' : 'untouched';
    }
    return endMs < startMs ? 'untouched' : 'hit';
  }
  if (sentMs < drainedMs - edgeMs) return 'queued';
  return latestMs > overMs && callMs <= latestMs + edgeMs ? 'edge' : 'untouched';
}
