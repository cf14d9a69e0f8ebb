import type { HrTime } from '@opentelemetry/api';

let originUnixMs = performance.timeOrigin;

/**
 * Now, in milliseconds since 1970 with fractions, by the one monotonic clock that all times of a
 * process share. It is tied to the wall clock again only when the two are more than a millisecond
 * apart, as after a machine has slept.
 */
export function unixMs(): number {
  const monotonicMs = performance.now();
  // The wall clock cuts off up to 1 ms: in step, it is between 1 ms and 0 behind.
  const aheadMs = Date.now() - (originUnixMs + monotonicMs);
  if (aheadMs < -2 || aheadMs > 1) originUnixMs += aheadMs + 0.5;
  return originUnixMs + monotonicMs;
}

/**
 * Now, in nanoseconds since 1970, for the start and the end of a span. The SDK by itself ties each
 * span's start to a wall clock of whole milliseconds, so that a child may seem to end after its
 * parent.
 */
export function spanTime(): HrTime {
  const nowMs = unixMs();
  const seconds = Math.floor(nowMs / 1000);
  return [seconds, Math.floor((nowMs - seconds * 1000) * 1e6)];
}
