/** What goes between the process that Stryker talks to and the thread that has the tests. */

/** Run tests in this order until one fails; with a mutant, if one is named. */
export interface Ask {
  readonly tests: readonly string[];
  readonly mutant?: string;
  readonly hitLimit?: number;
}

export interface Answer {
  readonly results: readonly TestOutcome[];
  readonly hitCount?: number;
  readonly coverage?: unknown;
}

export interface TestOutcome {
  readonly id: string;
  readonly name: string;
  readonly timeSpentMs: number;
  /** Why it failed. */
  readonly failure?: string;
}
