import type { HrTime } from '@opentelemetry/api';

let originUnixMs = performance.timeOrigin;

/**
 * Now, in nanoseconds since 1970, for the start and the end of a span. The SDK by itself ties each
 * span's start to a wall clock of whole milliseconds, so that a child may seem to end after its
 * parent; here all spans of a process share one monotonic clock. It is tied to the wall clock again
 * only when the two are more than a millisecond apart.
 */
export function spanTime(): HrTime {
  const monotonicMs = performance.now();
  // The wall clock cuts off up to 1 ms: in step, it is between 1 ms and 0 behind.
  const aheadMs = Date.now() - (originUnixMs + monotonicMs);
  if (aheadMs < -2 || aheadMs > 1) originUnixMs += aheadMs + 0.5;
  const unixMs = originUnixMs + monotonicMs;
  const seconds = Math.floor(unixMs / 1000);
  return [seconds, Math.floor((unixMs - seconds * 1000) * 1e6)];
}
