import type { Span } from '@opentelemetry/api';
import { unixMs } from '../../pauses/clock.ts';
import { Attribute } from './attributes.ts';
import type { ReplyArrival } from './replyArrival.ts';
import { judgeTimeout } from './timeoutVerdict.ts';

/**
 * The time of one attempt. When it is over, the loop polls the sockets once more before `signal`
 * aborts: a thread that was stopped, in poll or check, comes to its timers before it has looked at
 * what arrived meanwhile. An attempt that brought nothing by then is given up.
 */
export class AttemptTimer {
  readonly #startMs: number;
  readonly #timeoutMs: number;
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #look: NodeJS.Immediate | undefined;
  #lateMs: number | null = null;

  /** @param startMs when the attempt began, by `performance.now()`. */
  constructor(startMs: number, timeoutMs: number) {
    this.#startMs = startMs;
    this.#timeoutMs = timeoutMs;
    this.#timer = setTimeout(() => this.#fire(), Math.max(1, Math.ceil(timeoutMs)));
  }

  #fire(): void {
    this.#lateMs = Math.max(0, performance.now() - this.#startMs - this.#timeoutMs);
    this.#look = setImmediate(() => this.#abort.abort());
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The time is over: an answer that comes now was found by the last look. */
  get fired(): boolean {
    return this.#lateMs !== null;
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#look);
  }

  /**
   * Says on the caller's span whose fault the time-out was.
   * @param answer what the last look brought; `sentUnixMs` is null where its sender did not say it.
   */
  judge(
    span: Span,
    answer: { readonly sentUnixMs: number | null; readonly taken: boolean } | null,
    arrivals: ReplyArrival,
  ): void {
    const nowUnixMs = unixMs();
    const startUnixMs = nowUnixMs - (performance.now() - this.#startMs);
    const deadlineUnixMs = startUnixMs + this.#timeoutMs;
    const sentUnixMs = answer?.sentUnixMs ?? null;
    const arrival = sentUnixMs === null ? null : arrivals.of(sentUnixMs, nowUnixMs);
    const readUnixMs = answer === null ? null : nowUnixMs;
    const verdict = judgeTimeout({ startUnixMs, deadlineUnixMs, readUnixMs, arrival });
    span.setAttribute(Attribute.timeoutVerdict, verdict);
    span.setAttribute(Attribute.timeoutLateMs, this.#lateMs ?? 0);
    if (answer !== null) span.setAttribute(Attribute.timeoutAnswerTaken, answer.taken);
    if (arrival !== null) {
      span.setAttribute(Attribute.timeoutSpareMs, deadlineUnixMs - arrival.unixMs);
    }
  }
}
