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
  /** How many runs there are unless told; 5 by default. */
  readonly usualRuns?: number;
  run(options: BenchmarkOptions): Promise<BenchmarkRow[]>;
}

export interface BenchmarkOptions {
  readonly runs: number;
  /** Only settings in whose title all these words are, where a benchmark has several. */
  readonly only: readonly string[];
  /** Where results of single turns are kept, where a benchmark can go on from them; null: nowhere. */
  readonly folder: string | null;
  /** Tells of progress, a line at a time. */
  say(line: string): void;
}
