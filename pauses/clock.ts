/** Where records take their times from. Nanoseconds throughout. */
export interface Clock {
  /** From any origin, never going back. */
  monotonicNano(): bigint;
  /** Since 1970, for a time of `monotonicNano()`. */
  unixNano(monotonicNano: bigint): bigint;
}

/** A clock that also tells what time a count of milliseconds stands for. */
export interface AnchoredClock extends Clock {
  /** Milliseconds since 1970, with fractions, for a monotonic time in milliseconds. */
  unixMs(monotonicMs: number): number;
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
): AnchoredClock {
  let anchor = anchorUnixNano;
  let anchorMs = Number(anchor) / 1e6;
  let followedMs = Number.NEGATIVE_INFINITY;

  function follow(nowMonotonicMs: number): void {
    // The wall clock is in whole milliseconds, and asking for it takes longer than all the rest.
    if (nowMonotonicMs - followedMs < 1 && nowMonotonicMs >= followedMs) return;
    followedMs = nowMonotonicMs;
    // The wall clock cuts off up to 1 ms: in step, it is between 1 ms and 0 behind.
    const aheadMs = wallMs() - (anchorMs + nowMonotonicMs);
    if (aheadMs >= -2 && aheadMs <= 1) return;
    anchor += BigInt(Math.round((aheadMs + 0.5) * 1e6));
    anchorMs = Number(anchor) / 1e6;
  }

  return {
    monotonicNano,
    unixNano(time) {
      follow(Number(monotonicNano()) / 1e6);
      return anchor + time;
    },
    unixMs(monotonicMs) {
      follow(monotonicMs);
      return anchorMs + monotonicMs;
    },
  };
}

const startNano = process.hrtime.bigint();
/** `performance.timeOrigin` has microseconds where `Date.now()` has milliseconds. */
export const systemClock: AnchoredClock = anchoredClock(
  Date.now,
  process.hrtime.bigint,
  BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6)) - startNano,
);

/** Both count by the same monotonic clock, `performance.now()` from the start of the process. */
const performanceOriginMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Now, by {@link systemClock}, in milliseconds since 1970 with fractions: cheaper than a bigint. */
export function unixMs(): number {
  return systemClock.unixMs(performanceOriginMs + performance.now());
}
