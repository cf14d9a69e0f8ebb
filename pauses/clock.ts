/** Where records take their times from. Nanoseconds throughout. */
export interface Clock {
  /** From any origin, never going back. */
  monotonicNano(): bigint;
  /** Since 1970, for a time of `monotonicNano()`. */
  unixNano(monotonicNano: bigint): bigint;
}

/**
 * Ties a monotonic clock to a wall clock in whole milliseconds. They are tied once, at
 * `anchorUnixNano` for monotonic 0, so that a duration stays exactly what the monotonic clock
 * measured, and again only when they are more than 1 ms apart (the wall clock was set or slewed).
 */
export function anchoredClock(
  wallMs: () => number,
  monotonicNano: () => bigint,
  anchorUnixNano: bigint,
): Clock {
  let anchor = anchorUnixNano;
  return {
    monotonicNano,
    unixNano(time) {
      // The wall clock cuts off up to 1 ms: in step, it is between 1 ms and 0 behind.
      const aheadMs = wallMs() - Number(anchor + monotonicNano()) / 1e6;
      if (aheadMs < -2 || aheadMs > 1) anchor += BigInt(Math.round((aheadMs + 0.5) * 1e6));
      return anchor + time;
    },
  };
}

const startNano = process.hrtime.bigint();
/** `performance.timeOrigin` has microseconds where `Date.now()` has milliseconds. */
export const systemClock: Clock = anchoredClock(
  Date.now,
  process.hrtime.bigint,
  BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6)) - startNano,
);
