/** Those of the SDK's exporters. */
const backoff = { firstMs: 1000, factor: 1.5, longestMs: 5000, jitter: 0.2 } as const;
/** Whatever the collector asks for: it is not to be hammered, nor to silence us for good. */
const shortestMs = 250;
const longestMs = 60_000;

/**
 * Milliseconds to wait before the next attempt to export.
 * @param failures attempts that failed in a row, from 1.
 * @param afterMs what the collector asked for (Retry-After), null if it did not.
 */
export function retryWaitMs(
  failures: number,
  afterMs: number | null,
  random: () => number,
): number {
  if (afterMs !== null) return Math.max(shortestMs, Math.min(afterMs, longestMs));
  const middleMs = Math.min(backoff.firstMs * backoff.factor ** (failures - 1), backoff.longestMs);
  return middleMs * (1 + backoff.jitter * (2 * random() - 1));
}
