/** Mutants of one line that no test here kills, and why that is right. */
export interface Survivors {
  /** The line where the mutated code begins, without the space around it. */
  readonly line: string;
  /** As `npm run mutation` prints them: mutator, the code, what it is replaced by. */
  readonly mutants: readonly string[];
  readonly why: string;
}

/** By file. */
export const equivalent: Readonly<Record<string, readonly Survivors[]>> = {};
