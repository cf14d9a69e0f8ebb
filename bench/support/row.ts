import type { BenchmarkRow } from '../benchmark.ts';

/** The median of `values`, which are one a run, with their spread. */
export function row(
  what: string,
  unit: string,
  values: readonly number[],
  target?: BenchmarkRow['target'],
): BenchmarkRow {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  const value = sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
  return {
    what,
    unit,
    value,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    runs: values.length,
    ...(target === undefined ? {} : { target }),
  };
}

/** Ratios of pairs taken in the same run: what slows the machine slows both. */
export function ratios(values: readonly number[], bases: readonly number[]): number[] {
  return values.map((value, run) => value / (bases[run] ?? Number.NaN));
}
