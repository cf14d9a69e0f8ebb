import { BroadcastChannel } from 'node:worker_threads';
import {
  inject,
  type RunnerTask,
  type RunnerTestCase,
  type RunnerTestSuite,
  TestRunner,
} from 'vitest';
import type { Answer, Ask, TestOutcome } from './messages.ts';

declare module 'vitest' {
  interface ProvidedContext {
    channel: string;
    /** The mutant that is there already while modules are loaded. */
    staticMutant: string;
    /** Loads only the tests that import this file themselves; all, if it is empty or none does. */
    mutatedFile: string;
  }
}

/** What instrumented code reads and writes. */
interface Mutants {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: unknown;
}
const scope = globalThis as { __stryker__?: Mutants };
scope.__stryker__ ??= {};
const mutants = scope.__stryker__;

/** Tests of size: they take seconds for each mutant, and what they hold to is a bound. */
const large =
  /10,000 spans|goes as deep as|however large|stays short|short for a deep trace|no trouble/;
/** Tests with a server or a file. */
const outside = /50 at once|InProcessExporter|FileSource|cannot be read/;

/**
 * Loads all tests once and runs those that it is asked for, as often as it is asked: to start a
 * thread and load everything anew for each mutant takes fifty times as long as the tests.
 */
export default class TestsOnDemand extends TestRunner {
  readonly #tests = new Map<string, RunnerTestCase>();
  #current: RunnerTestCase | undefined;

  override async onBeforeRunSuite(suite: RunnerTestSuite): Promise<void> {
    await super.onBeforeRunSuite(suite);
    if (suite !== suite.file) return;
    for (const test of testsIn(suite)) {
      let name = nameOf(test);
      while (this.#tests.has(name)) name += ' (again)';
      if (!large.test(name) && !outside.test(name)) this.#tests.set(name, test);
      this.#current ??= test;
    }
    if (this.#current === undefined) throw new Error('there are no tests');
    // Vitest runs one test, which is whichever is asked for: assertions look at what runs.
    const current = () => this.#current as RunnerTestCase;
    const one = new Proxy(current(), {
      get: (_, key) => Reflect.get(current(), key),
      set: (_, key, value) => Reflect.set(current(), key, value),
    });
    suite.tasks = [one];
  }

  async runTask(): Promise<void> {
    const channel = new BroadcastChannel(inject('channel'));
    await new Promise<void>((resolve) => {
      channel.onmessage = async ({ data }: { data: unknown }) => {
        const asked = data as Ask | 'end';
        if (asked === 'end') resolve();
        else channel.postMessage(await this.#answer(asked));
      };
      channel.postMessage('ready');
    });
    channel.close();
  }

  async #answer(ask: Ask): Promise<Answer> {
    mutants.activeMutant = ask.mutant;
    mutants.hitCount = ask.mutant === undefined ? undefined : 0;
    mutants.hitLimit = ask.hitLimit;
    const results: TestOutcome[] = [];
    for (const name of ask.tests.length > 0 ? ask.tests : this.#tests.keys()) {
      const test = this.#tests.get(name);
      // A mutant of a module's top level can take tests away: that is a difference, too.
      const outcome = test ? await this.#run(name, test) : gone(name);
      results.push(outcome);
      if (outcome.failure !== undefined && ask.mutant !== undefined) break;
    }
    return {
      results,
      ...(mutants.hitCount !== undefined && { hitCount: mutants.hitCount }),
      ...(ask.mutant === undefined && { coverage: mutants.mutantCoverage }),
    };
  }

  async #run(name: string, test: RunnerTestCase): Promise<TestOutcome> {
    const startMs = performance.now();
    test.result = { state: 'run', startTime: Date.now(), retryCount: 0, attempts: [] };
    this.#current = test;
    mutants.currentTestId = name;
    let failure: string | undefined;
    try {
      this.onBeforeTryTask(test, { retry: 0, repeats: 0 });
      await TestRunner.getTestFn(test)();
      this.onAfterTryTask(test);
      // Read anew: soft assertions fail a test without throwing.
      if ((test as RunnerTestCase).result?.state !== 'run') failure = 'a soft assertion failed';
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    mutants.currentTestId = undefined;
    const timeSpentMs = performance.now() - startMs;
    return { id: name, name, timeSpentMs, ...(failure !== undefined && { failure }) };
  }
}

// Before any module of ours is loaded.
if (inject('staticMutant') !== '') mutants.activeMutant = inject('staticMutant');

function testsIn(task: RunnerTask): RunnerTestCase[] {
  return task.type === 'test' ? [task] : task.tasks.flatMap(testsIn);
}

function nameOf(test: RunnerTestCase): string {
  const names = [test.name];
  for (let suite = test.suite; suite; suite = suite.suite) names.unshift(suite.name);
  return names.join(' > ');
}

function gone(name: string): TestOutcome {
  return { id: name, name, timeSpentMs: 0, failure: 'the test is not there' };
}
