/** One line of a benchmark's table. */
export interface BenchmarkRow {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Smallest and largest of the runs; for a ratio, of the pairs' ratios. */
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  /** The bound that the project sets itself, if any. */
  readonly target?: { readonly relation: '<=' | '>='; readonly value: number };
}

/** A file in this folder with this default export is a benchmark: `npm run bench -- <name>`. */
export interface Benchmark {
  readonly name: string;
  readonly description: string;
  /** @param say progress, a line at a time. */
  run(options: { readonly runs: number; say(line: string): void }): Promise<BenchmarkRow[]>;
}
