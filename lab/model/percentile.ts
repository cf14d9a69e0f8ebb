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
  const budgetMs = (1 - p) * windowMs;
  const beyondMs = (extraMs: number) =>
    pauses.reduce((sum, { pauseMs, utilization }) => {
      const overMs = Math.max(0, pauseMs - extraMs);
      if (overMs === 0) return sum;
      return utilization < 1 ? sum + overMs / (1 - utilization) : Number.POSITIVE_INFINITY;
    }, 0);
  if (beyondMs(0) <= budgetMs) return 0;
  if (pauses.some(({ utilization }) => utilization >= 1)) return Number.POSITIVE_INFINITY;
  let low = 0;
  let high = Math.max(...pauses.map(({ pauseMs }) => pauseMs));
  // Halving 60 times is exact to a double for any length that a pause can have.
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (beyondMs(middle) > budgetMs) low = middle;
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

/** Mean of the extra wait over all requests, D²/(2T(1 − ρ)): why averages hide pauses. */
export function meanExtraMs({
  pauseMs,
  utilization,
  everyMs,
}: PauseLoad & { readonly everyMs: number }): number {
  return utilization < 1
    ? pauseMs ** 2 / (2 * everyMs * (1 - utilization))
    : Number.POSITIVE_INFINITY;
}
