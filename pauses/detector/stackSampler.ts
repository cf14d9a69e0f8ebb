import { Worker } from 'node:worker_threads';
import { type StackData, stackLayout, stackProgram } from './stackProgram.ts';

export interface StackSamplerOptions {
  /** How late a tick must be, in milliseconds. */
  readonly afterMs: number;
  /** No more stacks are taken. */
  readonly onFailure: (reason: string) => void;
}

/** Takes the stack of this thread when it does not tick. Milliseconds of `performance.now()`. */
export interface StackSampler {
  /** Resolves once the thread that asks runs, or has ended. */
  readonly started: Promise<void>;
  /** The next tick. */
  expectTick(dueMs: number): void;
  /** A stack has been asked for and not come yet. */
  readonly isAsking: boolean;
  /** What the thread was running between the two, innermost call first; undefined: not known. */
  stackBetween(startMs: number, endMs: number): string | undefined;
  /** Resolves once the thread that asks has ended. */
  stop(): Promise<void>;
}

/** A heap for a loop that keeps nothing. */
const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };

/**
 * Starts the thread that asks. It does not keep the process from ending.
 * @throws {Error} if there can be no further thread.
 */
export function startStackSampler({ afterMs, onFailure }: StackSamplerOptions): StackSampler {
  const { words: word, times: place, textBytes } = stackLayout;
  const words = new Int32Array(new SharedArrayBuffer(4 * word.count));
  const times = new Float64Array(new SharedArrayBuffer(8 * place.count));
  const text = new Uint8Array(new SharedArrayBuffer(textBytes));
  const workerData: StackData = {
    layout: stackLayout,
    words,
    times,
    text,
    originMs: performance.now() - Number(process.hrtime.bigint()) / 1e6,
    afterMs,
  };
  times[place.due] = Number.POSITIVE_INFINITY;
  const worker = new Worker(`(${stackProgram})()`, {
    eval: true,
    name: 'aftershock stacks',
    workerData,
    env: {},
    execArgv: [],
    resourceLimits,
  });
  worker.unref();
  let ended = false;
  let stopping = false;
  function fail(reason: string): void {
    if (!ended && !stopping) onFailure(reason);
    ended = true;
  }
  worker.on('message', fail);
  worker.on('error', ({ message }) => fail(message));
  const started = new Promise<void>((resolve) => {
    worker.once('online', resolve);
    worker.once('exit', (code) => {
      fail(`exit code ${code}`);
      resolve();
    });
  });
  return {
    started,
    expectTick(dueMs) {
      times[place.due] = dueMs;
    },
    get isAsking() {
      return !ended && Atomics.load(words, word.asking) === 1;
    },
    stackBetween(startMs, endMs) {
      const atMs = times[place.answered] ?? 0;
      if (atMs < startMs || atMs > endMs) return undefined;
      return Buffer.from(text.slice(0, Atomics.load(words, word.textBytes))).toString();
    },
    async stop() {
      stopping = true;
      await worker.terminate();
    },
  };
}
