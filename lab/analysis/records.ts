import type { TimeoutVerdict } from '../../services/kit/timeoutVerdict.ts';
import type { PhaseName } from '../run.ts';

/** A request in the process of a service. Times are milliseconds since the run's first phase. */
export interface Visit {
  readonly service: string;
  /** When the caller sent it: on one machine, within a millisecond of its arrival. */
  readonly arrivedMs: number;
  /** When its turn came: the handler's begin, plus the wait for a slot. null: no handler ran. */
  readonly begunMs: number | null;
  /** The handler's end; where no handler ran, the caller's. */
  readonly leftMs: number;
  readonly handlerMs: number | null;
  /** null where concurrency is not limited. */
  readonly queueWaitMs: number | null;
}

export interface Attempt {
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
  /** The caller's own timer ended it. */
  readonly timedOut: boolean;
  /** What the caller found out about it; null where no timer fired, or nobody judged. */
  readonly timeoutVerdict: TimeoutVerdict | null;
  readonly visit: Visit;
}

/** One call of a script, with all its attempts in the order of time. At least one. */
export interface CallRecord {
  readonly service: string;
  readonly startMs: number;
  readonly endMs: number;
  /** The last attempt failed. */
  readonly failed: boolean;
  readonly attempts: readonly Attempt[];
}

/** One request of the load; its first call is the client's own, from the intended time. */
export interface RequestRecord {
  readonly traceId: string;
  readonly phase: PhaseName;
  readonly intendedMs: number;
  readonly latencyMs: number;
  readonly failed: boolean;
  /** Never sent: latency Infinity, no calls. */
  readonly dropped: boolean;
  readonly calls: readonly CallRecord[];
}

export interface PauseSpan {
  readonly service: string;
  readonly kind: string;
  readonly phase: string;
  readonly sequence: number;
  readonly requestedMs: number | null;
  readonly measuredMs: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Victims as the paused service itself has counted them; absent where it does not. */
  readonly told?: ToldVictims;
}

/** Requests that a pause hit and made queue, by the word of the paused service. */
export interface ToldVictims {
  readonly hit: number;
  readonly queued: number;
}

export interface Traces {
  /** In the order of their intended times. */
  readonly requests: readonly RequestRecord[];
  /** In the order of time. */
  readonly pauses: readonly PauseSpan[];
}
