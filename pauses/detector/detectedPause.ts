/**
 * Why a thread stood still. `gc`: V8 collected; `block`: the thread computed, or waited
 * synchronously; `freeze`: the whole process was stopped; `throttled`: its cgroup's CPU quota was
 * used up; `starved`: it was ready, and no core was free; `unknown`: the evidence does not tell.
 */
export type DetectedKind = 'gc' | 'block' | 'freeze' | 'throttled' | 'starved' | 'unknown';

/**
 * What was measured over a pause, up to one tick around it; of what was used, what the loop worked
 * before it is taken off. Milliseconds; null: not to be had here.
 */
export interface Evidence {
  /** How long the event loop did not turn, as the thread itself saw it. */
  readonly loopStallMs: number | null;
  /** Garbage collections in it, as V8 reports them. */
  readonly gcMs: number;
  /** CPU of all threads of the process. */
  readonly processCpuMs: number | null;
  readonly mainThreadCpuMs: number | null;
  /** Time for which the main thread was ready to run and had no core. */
  readonly runDelayMs: number | null;
  /** Time for which the cgroup was held back by its CPU quota. */
  readonly throttledMs: number | null;
  /** How long another thread of the process did not run either. */
  readonly heartbeatGapMs: number | null;
  /** Whether the kernel stopped and continued the process. Null: not to be had here. */
  readonly processStopped: boolean | null;
}

/** One pause of this process's main thread. */
export interface DetectedPause {
  /** From 1. */
  readonly sequence: number;
  readonly kind: DetectedKind;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
  /**
   * Latest moment before it at which the loop had nothing left to do, as in
   * {@link PauseDetector.recoveredUnixMicros}; null: not known.
   */
  readonly recoveredUnixNano: bigint | null;
  readonly evidence: Evidence;
  /** What the thread was running, where that was asked for and could be taken. */
  readonly stack?: string;
}

/** Sees the pauses of the thread that it was made on. Times are of `systemClock`. */
export interface PauseDetector {
  /** Idempotent. */
  start(): Promise<void>;
  /** Idempotent. */
  stop(): Promise<void>;
  /** Whether it has been started, and not stopped since. */
  readonly running: boolean;
  /** @returns what ends the listening. */
  onPause(listener: (pause: DetectedPause) => void): () => void;
  /**
   * Calls after each look of its timer, in a turn of the loop of its own: every 50 ms at least while
   * it runs, and once more when it has stopped. Who has to do something now and then needs no timer,
   * and so no wake-up, of its own. @returns what ends the listening.
   */
  onLook(listener: () => void): () => void;
  /** To be called at each span's start and end: the loop is alive. */
  mark(): void;
  /** Requests in flight, after a {@link mark}: while there are some, it looks more often. */
  inFlight(count: number): void;
  /**
   * Latest moment before now at which the loop had waited for events for half a millisecond or more,
   * and the process was not stopped: nothing was left of any backlog. After a pause, what the thread
   * waited for a core is taken off that. Null: not known. In microseconds, which cost less than
   * bigints: it is asked for each request.
   */
  recoveredUnixMicros(): number | null;
  /** How long the loop has waited for events so far, in all, in microseconds; 0 while it does not look. */
  restedMicros(): number;
  /**
   * Latest moment before now at which a request that begins now, or an answer that is read now, is
   * known not to have been here: the loop waited for events, or has since asked for what is there,
   * as it does also where it never rests. Null: not known.
   */
  lastAbsentUnixMicros(): number | null;
  /**
   * How much of the time before {@link lastAbsentUnixMicros}, at most, the thread had been ready and
   * without a core: it was woken by then. In microseconds; 0 where it cannot be told. Unlike the
   * others this costs a call of the kernel.
   */
  coreWaitMicros(): number;
  /** Every pause that began before this moment has been reported. */
  settledUnixMicros(): number;
}
