import { createVitest } from 'vitest/node';

/** A test that did not pass. */
export interface Failure {
  /** From 1. */
  readonly run: number;
  readonly test: string;
  readonly message: string;
}

export interface Outcome {
  readonly runs: number;
  /** Tests that were run, all runs together. */
  readonly tests: number;
  readonly failures: readonly Failure[];
}

export interface RepeatOptions {
  readonly runs: number;
  /** Of the tests. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends after the run that is under way. */
  readonly signal: AbortSignal;
  readonly onRun: (run: number) => void;
  readonly onFailure: (failure: Failure) => void;
}

/** Runs every test of vitest.config.ts, beside this file, again and again in one warm vitest. */
export async function repeatRuns(options: RepeatOptions): Promise<Outcome> {
  const { runs, env, signal } = options;
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const ours = signals.map((name) => process.listeners(name));
  const vitest = await createVitest('test', {
    config: 'test/flakes/vitest.config.ts',
    watch: false,
    // Ctrl-C goes to every process of the terminal: those of a pool would end before this one.
    pool: 'threads',
    isolate: false,
    reporters: [{ onUserConsoleLog: (l) => void process.stdout.write(l.content) }],
    env,
  });
  // Vitest would end this process at once, without a result.
  for (const [i, name] of signals.entries()) {
    for (const listener of process.listeners(name)) {
      if (!ours[i]?.includes(listener)) process.off(name, listener);
    }
  }
  const failures: Failure[] = [];
  let run = 0;
  let tests = 0;
  try {
    await vitest.standalone();
    const specifications = await vitest.globTestSpecifications();
    while (run < runs && !signal.aborted) {
      options.onRun(++run);
      const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
      const found = unhandledErrors.map((error) => ({ test: 'outside the tests', error }));
      for (const module of testModules) {
        let passed = 0;
        for (const { message } of module.errors()) found.push({ test: 'file', error: message });
        for (const test of module.children.allTests()) {
          tests++;
          const { state, errors } = test.result();
          if (state === 'passed') passed++;
          else found.push({ test: test.fullName, error: errors?.[0]?.message ?? state });
        }
        // A file in which nothing passed is none that passed.
        if (passed === 0) found.push({ test: module.moduleId, error: 'no test passed' });
      }
      if (testModules.length < specifications.length) {
        const error = `${testModules.length} of ${specifications.length} files ran`;
        found.push({ test: 'outside the tests', error });
      }
      for (const { test, error } of found) {
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
        failures.push({ run, test, message });
        options.onFailure({ run, test, message });
      }
    }
  } finally {
    await vitest.close();
  }
  return { runs: run, tests, failures };
}
