/** One pause as a percentile sees it. */
export interface PauseLoad {
  /** D, milliseconds. */
  readonly pauseMs: number;
  /** ρ of the paused service. */
  readonly utilization: number;
}

/**
 * Percentile `p` (0 < p < 1) of the extra wait over all requests, in milliseconds, with a pause D
 * every T: max(0, D − (1 − p)T(1 − ρ)). A share D/(T(1 − ρ)) of the requests is delayed, each by
 * something uniform between 0 and D, so P(extra > x) = (D − x)/(T(1 − ρ)).
 */
export function extraAtPercentileMs(
  p: number,
  { pauseMs, utilization, everyMs }: PauseLoad & { readonly everyMs: number },
): number {
  return Math.max(0, pauseMs - (1 - p) * everyMs * (1 - utilization));
}

/**
 * The same for given pauses within `windowMs`, of whatever lengths and services of one chain: the x
 * with Σ max(0, Dᵢ − x)/(1 − ρᵢ) = (1 − p) · window. Equal pauses give
 * {@link extraAtPercentileMs} with T = window / number. Right as long as pauses do not overlap.
 * @returns Infinity if so much is delayed without end (ρ ≥ 1).
 */
export function extraAtPercentileOfManyMs(
  p: number,
  pauses: readonly PauseLoad[],
  windowMs: number,
): number {
  if (shareDelayedBy(0, pauses, windowMs) <= 1 - p) return 0;
  if (pauses.some(({ utilization }) => utilization >= 1)) return Number.POSITIVE_INFINITY;
  const longestMs = Math.max(...pauses.map(({ pauseMs }) => pauseMs));
  return bisect(0, longestMs, (extraMs) => shareDelayedBy(extraMs, pauses, windowMs) > 1 - p);
}

/**
 * Percentile `p` of the latency, in milliseconds, when each of the latencies `baselineMs` (any
 * order, at least one) is as likely as the others and meets the pauses at random: the convolution
 * of the two. Unlike the sum of their percentiles it is right for a baseline with a tail.
 */
export function latencyWithPausesMs(
  p: number,
  baselineMs: readonly number[],
  pauses: readonly PauseLoad[],
  windowMs: number,
): number {
  const beyond = (latencyMs: number) =>
    baselineMs.reduce((sum, ms) => {
      return sum + (ms > latencyMs ? 1 : shareDelayedBy(latencyMs - ms, pauses, windowMs));
    }, 0) / baselineMs.length;
  if (pauses.some(({ utilization }) => utilization >= 1)) return Number.POSITIVE_INFINITY;
  const longestMs = Math.max(0, ...pauses.map(({ pauseMs }) => pauseMs));
  return bisect(0, Math.max(...baselineMs) + longestMs, (ms) => beyond(ms) > 1 - p);
}

/** Share of the requests that wait for more than `extraMs` ≥ 0 longer because of the pauses. */
function shareDelayedBy(extraMs: number, pauses: readonly PauseLoad[], windowMs: number): number {
  let delayedMs = 0;
  for (const { pauseMs, utilization } of pauses) {
    if (pauseMs <= extraMs) continue;
    if (utilization >= 1) return 1;
    delayedMs += (pauseMs - extraMs) / (1 - utilization);
  }
  return Math.min(1, delayedMs / windowMs);
}

/** Where `isBelow` turns from true to false between `low` and `high`. */
function bisect(low: number, high: number, isBelow: (value: number) => boolean): number {
  // Forty halvings leave less than a nanosecond of any latency below ten minutes.
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Pauses show at percentile `p` only if they come more often than every D/((1 − p)(1 − ρ))
 * milliseconds; rarer ones hide beyond it, however long each is.
 */
export function visibleIfEveryMs(p: number, { pauseMs, utilization }: PauseLoad): number {
  return utilization < 1 ? pauseMs / ((1 - p) * (1 - utilization)) : Number.POSITIVE_INFINITY;
}
