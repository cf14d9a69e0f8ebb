import { Worker } from 'node:worker_threads';
import {
  type HeartbeatData,
  heartbeatLayout,
  heartbeatProgram,
  type QuotaFiles,
} from './heartbeatProgram.ts';

/** The other thread could not note the time when it was due. Milliseconds of `performance.now()`. */
export interface LateBeat {
  readonly beforeMs: number;
  readonly dueMs: number;
  readonly atMs: number;
}

export interface HeartbeatOptions {
  /** Whole milliseconds. */
  readonly periodMs: number;
  readonly quota: QuotaFiles | null;
  /** The thread has died by itself. */
  readonly onDeath: (reason: string) => void;
}

/** Another thread of the process, which beats: it stops if the process does. */
export interface Heartbeat {
  /** Resolves once the thread runs, or has ended. */
  readonly started: Promise<void>;
  /** It has begun and not died. */
  readonly beating: boolean;
  /** The latest beat. */
  readonly beatMs: number;
  /** Whether there was a beat between the two, as far as beats are remembered. */
  beatBetween(fromMs: number, toMs: number): boolean;
  /** Time for which the cgroup has been held back by its quota, as of the latest beat. */
  readonly throttledMs: number;
  /** Whether there was a quota when it last looked. */
  readonly limited: boolean;
  /** Late beats since this was last called, oldest first. */
  takeLate(): LateBeat[];
  /** Makes it beat at once. */
  wake(): void;
  /** From the next beat on. */
  setPeriod(ms: number): void;
  /** Resolves once the thread has ended. Idempotent. */
  stop(): Promise<void>;
}

/** A heap for a loop that allocates next to nothing. */
const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };

/**
 * Starts the thread. It does not keep the process from ending, and it takes no part in what was
 * meant for the program: its environment and its options are empty, so that nothing is preloaded.
 * @throws {Error} if there can be no further thread.
 */
export function startHeartbeat({ periodMs, quota, onDeath }: HeartbeatOptions): Heartbeat {
  const { words: word, times: place, beatsKept, late } = heartbeatLayout;
  const words = new Int32Array(new SharedArrayBuffer(4 * word.count));
  const times = new Float64Array(new SharedArrayBuffer(8 * place.count));
  const workerData: HeartbeatData = {
    layout: heartbeatLayout,
    words,
    times,
    originMs: performance.now() - Number(process.hrtime.bigint()) / 1e6,
    quota,
  };
  Atomics.store(words, word.periodMs, periodMs);
  const worker = new Worker(`(${heartbeatProgram})()`, {
    eval: true,
    name: 'aftershock heartbeat',
    workerData,
    env: {},
    execArgv: [],
    resourceLimits,
  });
  worker.unref();
  let taken = 0;
  let ended = false;
  let stopping = false;
  let reason = '';
  worker.on('error', (error) => {
    reason = error.message;
  });
  const exit = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      ended = true;
      if (!stopping) onDeath(reason || `exit code ${code}`);
      resolve();
    });
  });

  const online = new Promise<void>((resolve) => {
    worker.once('online', resolve);
  });

  function wake(): void {
    Atomics.add(words, word.wake, 1);
    Atomics.notify(words, word.wake);
  }

  function beatAt(index: number): number {
    return times[place.beats + (index % beatsKept)] ?? 0;
  }

  return {
    started: Promise.race([online, exit]),
    get beating() {
      return !ended && Atomics.load(words, word.beats) > 0;
    },
    get beatMs() {
      const beats = Atomics.load(words, word.beats);
      return beats === 0 ? 0 : beatAt(beats - 1);
    },
    beatBetween(fromMs, toMs) {
      const beats = Atomics.load(words, word.beats);
      for (let i = beats - 1; i >= Math.max(0, beats - beatsKept); i--) {
        const atMs = beatAt(i);
        if (atMs <= fromMs) return false;
        if (atMs < toMs) return true;
      }
      return false;
    },
    get throttledMs() {
      return times[place.throttled] ?? 0;
    },
    get limited() {
      return Atomics.load(words, word.limited) === 1;
    },
    takeLate() {
      const written = Atomics.load(words, word.late);
      const found: LateBeat[] = [];
      for (let i = Math.max(taken, written - late.kept); i < written; i++) {
        const at = place.lateBeats + (i % late.kept) * late.numbers;
        const [beforeMs = 0, dueMs = 0, atMs = 0] = times.subarray(at, at + late.numbers);
        found.push({ beforeMs, dueMs, atMs });
      }
      taken = written;
      return found;
    },
    wake,
    setPeriod: (ms) => Atomics.store(words, word.periodMs, ms),
    async stop() {
      stopping = true;
      Atomics.store(words, word.stop, 1);
      wake();
      if (!ended) worker.ref(); // to be awaited, it must count
      await exit;
    },
  };
}
