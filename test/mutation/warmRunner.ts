import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import type { MutantCoverage } from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { createVitest, type Vitest } from 'vitest/node';
import type { Answer, Ask } from './messages.ts';

const folder = 'test/mutation';

/** Stryker's test runner: a thread of vitest that stays, and is asked for tests. */
class WarmRunner implements TestRunner {
  readonly #name = `mutation-${process.pid}`;
  readonly #channel = new BroadcastChannel(this.#name);
  #vitest: Vitest | undefined;
  #run: Promise<unknown> | undefined;
  #isBusy = false;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    mergeSnapshots();
    this.#vitest = await createVitest(
      'test',
      { config: `${folder}/vitest.config.ts`, watch: false, reporters: [], update: 'none' },
      {},
    );
    // Here, not at the first run: what that takes is what Stryker lets each mutant take.
    await this.#start();
  }

  async dryRun(): Promise<DryRunResult> {
    const { results, coverage } = await this.#ask({ tests: [] });
    return {
      status: DryRunStatus.Complete,
      tests: results.map(toTestResult),
      mutantCoverage: coverage as MutantCoverage,
    };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    if (options.mutantActivation === 'static') {
      // The file's own tests kill most, and are loaded in a tenth of the time of all.
      const file = relative(process.cwd(), options.sandboxFileName).replaceAll('\\', '/');
      const result = await this.#runAnew(options, file);
      return result.status === MutantRunStatus.Survived ? this.#runAnew(options) : result;
    }
    if (options.reloadEnvironment) await this.#stop();
    if (!this.#run && !(await this.#start())) return killedAtStart;
    return this.#runLoaded(options);
  }

  /** With the mutant there before the tests are loaded. */
  async #runAnew(options: MutantRunOptions, mutatedFile?: string): Promise<MutantRunResult> {
    await this.#stop();
    const hasStarted = await this.#start(options.activeMutant.id, mutatedFile);
    // Without it, the tests could be loaded.
    return hasStarted ? this.#runLoaded(options) : killedAtStart;
  }

  async #runLoaded(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, hitLimit, testFilter = [] } = options;
    const { results, hitCount } = await this.#ask({
      tests: testFilter,
      mutant: activeMutant.id,
      ...(hitLimit !== undefined && { hitLimit }),
    });
    const hitTooOften = determineHitLimitReached(hitCount, hitLimit);
    if (hitTooOften) return toMutantRunResult(hitTooOften);
    return toMutantRunResult({ status: DryRunStatus.Complete, tests: results.map(toTestResult) });
  }

  async dispose(): Promise<void> {
    // What never answers is never done: Stryker ends this process.
    if (this.#isBusy) return;
    await this.#stop();
    this.#channel.close();
    await this.#vitest?.close();
  }

  /** Whether the tests could be loaded. */
  async #start(staticMutant = '', mutatedFile = ''): Promise<boolean> {
    if (!this.#vitest) throw new Error('dryRun() or mutantRun() came before init()');
    this.#vitest.provide('channel', this.#name);
    this.#vitest.provide('staticMutant', staticMutant);
    this.#vitest.provide('mutatedFile', mutatedFile);
    const ready = this.#next();
    this.#run = this.#vitest.start();
    const first = await Promise.race([ready, this.#run]);
    if (first !== 'ready') this.#run = undefined;
    return first === 'ready';
  }

  async #stop(): Promise<void> {
    if (this.#run) this.#channel.postMessage('end');
    await this.#run;
    this.#run = undefined;
  }

  async #ask(ask: Ask): Promise<Answer> {
    const answer = this.#next();
    this.#channel.postMessage(ask);
    this.#isBusy = true;
    const answered = (await answer) as Answer;
    this.#isBusy = false;
    return answered;
  }

  #next(): Promise<unknown> {
    return new Promise((resolve) => {
      this.#channel.onmessage = ({ data }: { data: unknown }) => resolve(data);
    });
  }
}

const killedAtStart = toMutantRunResult({
  status: DryRunStatus.Complete,
  tests: [
    {
      ...{ id: 'load', name: 'load', timeSpentMs: 0, status: TestStatus.Failed },
      failureMessage: 'the tests cannot be loaded',
    },
  ],
});

function toTestResult({ failure, ...test }: Answer['results'][number]): TestResult {
  return failure === undefined
    ? { ...test, status: TestStatus.Success }
    : { ...test, status: TestStatus.Failed, failureMessage: failure };
}

/** The tests are all of one file, so are their snapshots. */
function mergeSnapshots(): void {
  const from = 'test/traces/__snapshots__';
  const texts = readdirSync(from).map((name) => readFileSync(join(from, name), 'utf8'));
  writeFileSync(join(folder, 'allTests.ts.snap'), texts.join('\n'));
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'warm', WarmRunner)];
