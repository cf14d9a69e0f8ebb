/** Where in the event loop a pause strikes. */
export type Phase = 'poll' | 'check' | 'timers';

/**
 * A way of making a pause. One object serves all pauses of its kind in a process; a module named
 * in a mesh file exports a function that makes one, as its default export.
 */
export interface PauseStrategy {
  /** The pause span is named after it. */
  readonly kind: string;
  /**
   * Gets everything ready that a pause of `durationMs` needs (a ballast, a continuer), so that
   * `strike` costs nothing but the pause. Called under the load that the pauses will meet, and
   * again with another duration before a pause that needs it. Never stops the thread for longer
   * than a natural collection would, except to calibrate. An abort may end it early.
   */
  prepare(durationMs: number, signal?: AbortSignal): Promise<void>;
  /**
   * Pauses for about `durationMs`. Called in a callback of the asked phase. A strategy that stops
   * the thread returns after the pause; one that does not (`delay`) resolves when it is over, with
   * the time that it took. An abort ends the waiting for a pause that has not begun; it rejects.
   */
  strike(durationMs: number, signal?: AbortSignal): undefined | Promise<Strike | undefined>;
  /**
   * Only for a kind that touches requests rather than the thread: called before each request's
   * own work, which begins when the promise resolves, or at once where there is none.
   */
  gate?(): Promise<void> | undefined;
  /** Lets go of everything that `prepare` got. Idempotent. */
  stop(): Promise<void>;
}

/** What a strategy itself knows of its pause, where that is more than when `strike` was called. */
export interface Strike {
  /** `process.hrtime.bigint()`. */
  readonly startNano: bigint;
  readonly endNano: bigint;
  /** What V8 itself reports for the collection. Evidence; the clock around the call measures. */
  readonly collectionMs?: number;
}

/** The default export of a module that is named in a mesh file. */
export type StrategyFactory = () => PauseStrategy | Promise<PauseStrategy>;

/** One pause that was made. */
export interface PauseRecord {
  readonly sequence: number;
  readonly kind: string;
  readonly phase: Phase;
  readonly requestedMs: number;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
  /** From a monotonic clock: never negative, whatever happened to the wall clock meanwhile. */
  readonly measuredMs: number;
  /** `gc` only, and only if V8 reported the collection: its own figure. */
  readonly collectionMs?: number;
}

/**
 * Attributes of a pause span. The span is a root of its own, INTERNAL, named `pause <kind>`, and
 * starts and ends with the pause.
 */
export const PauseAttribute = {
  kind: 'aftershock.pause.kind',
  phase: 'aftershock.pause.phase',
  sequence: 'aftershock.pause.sequence',
  requestedMs: 'aftershock.pause.requested_ms',
  measuredMs: 'aftershock.pause.measured_ms',
  collectionMs: 'aftershock.pause.collection_ms',
} as const;
