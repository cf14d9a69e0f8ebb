import { randomStream } from '../../../mesh/random.ts';
import { fifoServer } from '../syntheticRun.ts';

export interface Simulation {
  readonly windowMs: number;
  /** Per pause, by the server's own state: in it during the pause; and after it, until idle. */
  readonly hit: number;
  readonly queued: number;
  readonly drainMs: number;
  /** Longer than the same request took without pauses, in the order of arrival. */
  readonly extraMs: readonly number[];
  readonly meanTimeWithoutPausesMs: number;
}

/**
 * One FIFO server with Poisson arrivals and a constant service time, twice with the same arrivals:
 * with a pause every `everyMs` and without.
 */
export function simulateQueue(options: {
  readonly requestsPerSecond: number;
  readonly serviceMs: number;
  readonly pauseMs: number;
  readonly everyMs: number;
  readonly pauses: number;
}): Simulation {
  const { requestsPerSecond, serviceMs, pauseMs, everyMs, pauses: count } = options;
  const random = randomStream(7, 'queue');
  const exponential = (meanMs: number) => -Math.log(1 - random()) * meanMs;
  const pauses: { startMs: number; endMs: number }[] = [];
  for (let ms = 0, i = 0; i < count; i++) {
    ms += everyMs;
    pauses.push({ startMs: ms, endMs: ms + pauseMs });
  }
  const windowMs = (pauses.at(-1)?.endMs ?? 0) + everyMs;
  const struck = fifoServer(pauses, serviceMs);
  const calm = fifoServer([], serviceMs);
  const requests: { arrivedMs: number; endMs: number; extraMs: number; calmMs: number }[] = [];
  for (let ms = exponential(1000 / requestsPerSecond); ms < windowMs; ) {
    const { endMs } = struck.serve(ms);
    const calmEndMs = calm.serve(ms).endMs;
    requests.push({ arrivedMs: ms, endMs, extraMs: endMs - calmEndMs, calmMs: calmEndMs - ms });
    ms += exponential(1000 / requestsPerSecond);
  }
  let hit = 0;
  let queued = 0;
  let drainMs = 0;
  let first = 0;
  for (const { startMs, endMs } of pauses) {
    const idleMs = struck.idleAfter(endMs);
    drainMs += idleMs - endMs;
    // First in, first out: ends ascend as arrivals do.
    while ((requests[first]?.endMs ?? Number.POSITIVE_INFINITY) < startMs) first++;
    for (let i = first; (requests[i]?.arrivedMs ?? Number.POSITIVE_INFINITY) <= idleMs; i++) {
      if ((requests[i]?.arrivedMs ?? 0) <= endMs) hit++;
      else queued++;
    }
  }
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    windowMs,
    hit: hit / count,
    queued: queued / count,
    drainMs: drainMs / count,
    extraMs: requests.map(({ extraMs }) => extraMs),
    meanTimeWithoutPausesMs: mean(requests.map(({ calmMs }) => calmMs)),
  };
}
