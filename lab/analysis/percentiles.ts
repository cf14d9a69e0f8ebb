/**
 * A percentile in milliseconds. `never`: so many went unanswered that it lies beyond every answer.
 * null: too few samples to say.
 */
export type Quantile = number | 'never' | null;

export interface Percentiles {
  readonly samples: number;
  readonly p50Ms: Quantile;
  readonly p99Ms: Quantile;
  readonly p999Ms: Quantile;
  /** P99.9 by nearest rank however few the samples: no estimate, but a bound to hold others to. */
  readonly p999RankMs: Quantile;
  /** null only without samples. */
  readonly maxMs: Quantile;
}

/** 0.99 and 0.999 are not exact as binary fractions, nor are their products. */
const tolerance = 1e-6;

/** A percentile is given only where at least this many samples are expected beyond it. */
export const samplesBeyond = 5;

/**
 * Percentiles of latencies in milliseconds, as exact order statistics by nearest rank: the
 * smallest value that at least p·n of the values do not exceed. `Infinity` stands for a request
 * that was never answered. The order of `latenciesMs` does not matter; it is left as it is.
 */
export function percentiles(latenciesMs: readonly number[]): Percentiles {
  const sorted = Float64Array.from(latenciesMs).sort();
  return {
    samples: sorted.length,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    p999Ms: quantile(sorted, 0.999),
    p999RankMs: atRank(sorted, 0.999),
    maxMs: asQuantile(sorted.at(-1)),
  };
}

/** Percentile `p` (0 < p < 1) of ascending values, or null where {@link samplesBeyond} forbids it. */
export function quantile(sorted: Float64Array, p: number): Quantile {
  if (sorted.length * (1 - p) < samplesBeyond - tolerance) return null;
  return atRank(sorted, p);
}

function atRank(sorted: Float64Array, p: number): Quantile {
  return asQuantile(sorted[Math.ceil(sorted.length * p - tolerance) - 1]);
}

/** Middle of the values, the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number | null {
  const sorted = Float64Array.from(values).sort();
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.ceil((sorted.length - 1) / 2)];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function asQuantile(value: number | undefined): Quantile {
  if (value === undefined) return null;
  return value === Number.POSITIVE_INFINITY ? 'never' : value;
}
