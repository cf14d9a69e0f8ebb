import { CoreWait } from './coreWait.ts';
import { LoopWatch } from './loopWatch.ts';
import { threadAccount } from './threadAccount.ts';

/** Says when the loop of a thread was last idle. Milliseconds of `performance.now()`. */
export interface IdleWatch {
  /** Work begins. To be called at whatever the loop is woken for. */
  mark(): void;
  /** Null: not seen yet. */
  readonly lastIdleMs: number | null;
  /** How much of the time before that, at most, the thread had been ready and without a core. */
  coreWaitMs(): number;
}

/**
 * For a process that has no pauses to tell of: it takes neither a second thread nor a timer, but a
 * call of the kernel after each turn of the loop in which there was work, so that what it says of
 * waiting for a core is of the last rest alone.
 */
export function idleWatch(): IdleWatch {
  const account = threadAccount();
  const coreWait = new CoreWait(() => account.runDelayMs());
  const { nodeTiming } = performance;
  const loop = new LoopWatch({
    nowMs: () => performance.now(),
    idleMs: () => nodeTiming.idleTime,
    polls: () => 0, // Nobody asks it what a poll did not bring.
    coreWaitMs: () => 0, // There are no gaps to get over.
    minimumMs: Number.POSITIVE_INFINITY,
    onGap: () => {},
    onWorkEnd: () => {},
  });
  loop.reset(Number.POSITIVE_INFINITY);
  let reads = false;

  function read(): void {
    reads = false;
    account.runDelayMs();
  }

  return {
    mark() {
      loop.mark();
      if (reads) return;
      reads = true;
      setImmediate(read).unref();
    },
    get lastIdleMs() {
      return loop.lastIdleMs;
    },
    coreWaitMs() {
      const { lastIdleMs, lastRestMs } = loop;
      return lastIdleMs === null ? 0 : coreWait.endingRest(lastIdleMs, lastRestMs);
    },
  };
}
