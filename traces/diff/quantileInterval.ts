/** A quantile of a sample, and between which values that of its source lies. */
export interface QuantileInterval {
  /** The smallest value that `quantile` of the sample does not exceed (nearest rank). */
  readonly value: number;
  /** -Infinity, Infinity: the sample is too small to bound it on that side. */
  readonly low: number;
  readonly high: number;
}

/**
 * Interval of order statistics for a quantile: whatever the distribution, it covers that of the
 * source with at least `confidence`, if values are independent. The P99 has an upper bound from 459
 * values on, the median has both from 8 on (confidence 0.99).
 * Source: David and Nagaraja, Order Statistics (3rd ed.), 7.1; ends by exact binomial tails.
 * @param sorted rising; at least one value.
 * @param quantile above 0, below 1.
 */
export function quantileInterval(
  sorted: readonly number[],
  quantile: number,
  confidence = 0.99,
): QuantileInterval {
  const { length } = sorted;
  const tail = (1 - confidence) / 2;
  const { lower, upper } = binomialTails(length, quantile, tail);
  return {
    value: sorted[Math.max(0, Math.ceil(quantile * length) - 1)] ?? Number.NaN,
    low: sorted[lower - 1] ?? Number.NEGATIVE_INFINITY,
    high: sorted[upper] ?? Number.POSITIVE_INFINITY,
  };
}

/**
 * Of the number of successes in `n` trials: the largest `lower` with P(X < lower) ≤ tail, and the
 * smallest `upper` with P(X > upper) ≤ tail.
 */
function binomialTails(n: number, p: number, tail: number): { lower: number; upper: number } {
  // Weights relative to that of the mode, which is no smaller than any other: nothing overflows.
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const odds = p / (1 - p);
  const below: number[] = [];
  let weight = 1;
  for (let k = mode; k > 0 && weight > 1e-18; k--) {
    weight *= k / (n - k + 1) / odds;
    below.push(weight);
  }
  const above: number[] = [];
  weight = 1;
  for (let k = mode; k < n && weight > 1e-18; k++) {
    weight *= ((n - k) / (k + 1)) * odds;
    above.push(weight);
  }
  const sum = (weights: readonly number[]) => weights.reduce((total, each) => total + each, 0);
  const total = 1 + sum(below) + sum(above);
  let left = sum(below) / total;
  let lower = mode;
  for (let i = 0; left > tail && lower > 0; i++) {
    left -= (below[i] ?? 0) / total;
    lower--;
  }
  let right = sum(above) / total;
  let upper = mode;
  for (let i = 0; right > tail && upper < n; i++) {
    right -= (above[i] ?? 0) / total;
    upper++;
  }
  return { lower, upper };
}

/**
 * Between which shares that of the source lies, if `part` of `whole` have something.
 * Source: Wilson 1927, for 99 % of confidence.
 */
export function shareInterval(part: number, whole: number): { low: number; high: number } {
  if (whole === 0) return { low: 0, high: 1 };
  const z2 = 2.5758 ** 2;
  const share = part / whole;
  const middle = (share + z2 / (2 * whole)) / (1 + z2 / whole);
  const half =
    (Math.sqrt(z2) * Math.sqrt((share * (1 - share)) / whole + z2 / (4 * whole * whole))) /
    (1 + z2 / whole);
  return { low: part === 0 ? 0 : middle - half, high: part === whole ? 1 : middle + half };
}
