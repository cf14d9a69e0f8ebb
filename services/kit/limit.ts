import pLimit from 'p-limit';
import { Problem } from './problem.ts';

/** Runs `work` when its turn comes; `onTurn` hears how long that took. */
export type Limit = <T>(work: () => Promise<T>, onTurn: (waitedMs: number) => void) => Promise<T>;

/**
 * At most `concurrency` pieces of work at once and `queue` waiting, first come, first served.
 * Null: no such limit. What comes when the queue is full is refused with 503 and Retry-After.
 */
export function createLimit(concurrency: number | null, queue: number | null): Limit {
  if (concurrency === null) return (work) => work();
  const limit = pLimit(concurrency);
  return (work, onTurn) => {
    if (queue !== null && limit.activeCount >= concurrency && limit.pendingCount >= queue) {
      throw new Problem(
        503,
        'queue-full',
        `${concurrency} requests are worked on and ${limit.pendingCount} wait, which is the limit; try again`,
        { headers: { 'retry-after': '1' } },
      );
    }
    const arrivedMs = performance.now();
    return limit(() => {
      onTurn(performance.now() - arrivedMs);
      return work();
    });
  };
}
