import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { readSent, sentHeader } from '../../services/kit/replyArrival.ts';
import type { LoadAccount } from '../run.ts';
import { DurationHistogram } from './durationHistogram.ts';

/** How one intended request ended. Times in milliseconds of `performance.now()`. */
export interface Outcome {
  readonly intendedMs: number;
  /** Null: it was dropped. */
  readonly sentMs: number | null;
  /** Last byte, failure, or drop. */
  readonly endMs: number;
  readonly status: number | null;
  /**
   * Null when it succeeded: else the status (≥ 400), a system error code, `timeout`, `dropped`, or
   * `halted` for one that was still open some time after a halt.
   */
  readonly errorType: string | null;
  /** When the answer was sent, by its sender; null: there is none, or it does not say. */
  readonly answerSentUnixMs: number | null;
}

/** Told of every intended request; gives it the headers that carry its trace. */
export interface RequestObserver {
  begin(
    intendedMs: number,
    path: string,
  ): {
    readonly headers: OutgoingHttpHeaders;
    end(outcome: Outcome): void;
  };
}

export interface GeneratorOptions {
  /** Address of the called service, without a path. */
  readonly origin: string;
  /** Path of the next request. */
  readonly nextPath: () => string;
  /** Intended times in milliseconds after `startMs`, ascending; may be without end. */
  readonly sendTimes: Iterable<number>;
  /** Length of the phase: it lasts as long even if the last request is due well before. */
  readonly durationMs: number;
  /** Start in milliseconds of `performance.now()`; may lie in the future. */
  readonly startMs: number;
  /** Time from sending until the client gives up. */
  readonly timeoutMs: number;
  /** Open requests beyond which an intended one is dropped. */
  readonly maxInFlight: number;
  /**
   * A request that is later than this is dropped without being observed: a process that had been
   * stopped for an hour does not make up for it in one burst. By default none is.
   */
  readonly maxLateMs?: number;
  readonly observer?: RequestObserver;
}

export interface LoadSnapshot extends LoadAccount {
  /** Answered with a status below 400. */
  readonly succeeded: number;
  /** Anything else that has ended, dropped ones included. */
  readonly failed: number;
  readonly timedOut: number;
  /** Over all that have ended but the dropped; from the intended time to the last byte or failure. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Failed ones by {@link Outcome.errorType}. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Node fires a timer beyond 2³¹ − 1 ms at once. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Plays a schedule of HTTP GETs over keep-alive connections, open loop: a request goes out at its
 * intended time whether or not earlier ones were answered, and its latency counts from that time
 * (Tene's correction of coordinated omission). Node's timers make it about 1 ms late; by how much
 * is measured.
 */
export class Generator {
  readonly #options: GeneratorOptions;
  readonly #agent: Agent;
  readonly #sendTimes: Iterator<number>;
  readonly #latency = new DurationHistogram();
  readonly #late = new DurationHistogram();
  readonly #errors = new Map<string, number>();
  readonly #done = Promise.withResolvers<LoadSnapshot>();
  readonly #target: { readonly hostname: string; readonly port: string };
  /** For each open request what gives it up. */
  readonly #open = new Set<(errorType: string) => void>();
  #timer: NodeJS.Timeout | undefined;
  /** Of the next request, in milliseconds after the start; null: there is none. */
  #nextMs: number | null;
  #intended = 0;
  #sent = 0;
  #dropped = 0;
  #succeeded = 0;
  #failed = 0;
  #timedOut = 0;
  #haltedMs: number | null = null;
  #played = false;

  constructor(options: GeneratorOptions) {
    this.#options = options;
    // Idle sockets are all kept, so that the burst after a pause finds as many as the one before.
    this.#agent = new Agent({ keepAlive: true, maxFreeSockets: options.maxInFlight });
    const { hostname, port } = new URL(options.origin);
    this.#target = { hostname, port };
    this.#sendTimes = options.sendTimes[Symbol.iterator]();
    this.#nextMs = this.#drawNextMs();
  }

  /** Resolves when every request of the schedule has ended, or after {@link halt} every open one. */
  play(): Promise<LoadSnapshot> {
    this.#pump();
    return this.#done.promise;
  }

  /** Sends nothing more. Open requests are given up after `patienceMs`. Idempotent. */
  halt(patienceMs: number): void {
    if (this.#haltedMs !== null || this.#played) return;
    this.#haltedMs = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const giveUp of this.#open) giveUp('halted');
    }, patienceMs);
    this.#finishIfDone();
  }

  /** When sending ended: at the schedule's end, or the halt. In milliseconds of `performance.now()`. */
  get endMs(): number {
    const { startMs, durationMs } = this.#options;
    return this.#haltedMs ?? startMs + durationMs;
  }

  snapshot(): LoadSnapshot {
    return {
      intended: this.#intended,
      sent: this.#sent,
      dropped: this.#dropped,
      succeeded: this.#succeeded,
      failed: this.#failed,
      timedOut: this.#timedOut,
      lateMs: this.#late.percentilesMs(),
      latencyMs: this.#latency.percentilesMs(),
      errors: Object.fromEntries(this.#errors),
    };
  }

  /** What there was since the last lap, or the start: so the memory of a load without end is bounded. */
  lap(): LoadSnapshot {
    const snapshot = this.snapshot();
    this.#intended = this.#sent = this.#dropped = 0;
    this.#succeeded = this.#failed = this.#timedOut = 0;
    this.#latency.reset();
    this.#late.reset();
    this.#errors.clear();
    return snapshot;
  }

  #pump(): void {
    const { startMs, durationMs, maxLateMs = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#haltedMs === null) {
      const waitMs = startMs + (this.#nextMs ?? durationMs) - performance.now();
      if (waitMs > 0) {
        // Rounded up: a timer that fires early would only be set again.
        this.#timer = setTimeout(() => this.#pump(), Math.min(Math.ceil(waitMs), maxTimerMs));
        return;
      }
      if (this.#nextMs === null) {
        this.#played = true;
        break;
      }
      this.#intended++;
      if (-waitMs > maxLateMs) this.#countDropped();
      else this.#send(startMs + this.#nextMs);
      this.#nextMs = this.#drawNextMs();
    }
    this.#finishIfDone();
  }

  #drawNextMs(): number | null {
    const { done, value } = this.#sendTimes.next();
    return done === true ? null : value;
  }

  #countDropped(): void {
    this.#dropped++;
    this.#countFailed('dropped');
  }

  #countFailed(errorType: string): void {
    this.#failed++;
    this.#errors.set(errorType, (this.#errors.get(errorType) ?? 0) + 1);
  }

  #send(intendedMs: number): void {
    const { nextPath, timeoutMs, maxInFlight, observer } = this.#options;
    const path = nextPath();
    const observed = observer?.begin(intendedMs, path);
    if (this.#open.size >= maxInFlight) {
      this.#countDropped();
      const endMs = performance.now();
      const nothing = { sentMs: null, status: null, answerSentUnixMs: null };
      observed?.end({ ...nothing, intendedMs, endMs, errorType: 'dropped' });
      return;
    }
    this.#sent++;
    const sentMs = performance.now();
    this.#late.record(sentMs - intendedMs);

    const end = (
      status: number | null,
      errorType: string | null,
      answerSentUnixMs: number | null = null,
    ): void => {
      if (!this.#open.delete(giveUp)) return; // what comes after the end, such as its own abort
      clearTimeout(timer);
      const endMs = performance.now();
      this.#latency.record(endMs - intendedMs);
      if (errorType === null) this.#succeeded++;
      else this.#countFailed(errorType);
      if (errorType === 'timeout') this.#timedOut++;
      observed?.end({ intendedMs, sentMs, endMs, status, errorType, answerSentUnixMs });
      this.#finishIfDone();
    };
    const giveUp = (errorType: string): void => {
      end(null, errorType);
      outgoing.destroy();
    };
    const outgoing = request({
      ...this.#target,
      path,
      agent: this.#agent,
      headers: observed?.headers ?? {},
    });
    this.#open.add(giveUp);
    const timer = setTimeout(giveUp, timeoutMs, 'timeout');
    outgoing.on('error', (error: NodeJS.ErrnoException) => end(null, error.code ?? error.name));
    outgoing.on('response', (response: IncomingMessage) => {
      const status = response.statusCode ?? null;
      response.resume();
      const sentUnixMs = readSent(response.headers[sentHeader]);
      response.on('end', () => {
        end(status, (status ?? 0) >= 400 ? String(status) : null, sentUnixMs);
      });
      response.on('error', (error: NodeJS.ErrnoException) => end(status, error.code ?? error.name));
    });
    outgoing.end();
  }

  #finishIfDone(): void {
    if ((!this.#played && this.#haltedMs === null) || this.#open.size > 0) return;
    clearTimeout(this.#timer);
    this.#agent.destroy();
    this.#done.resolve(this.snapshot());
  }
}
