import type { Attributes } from '@opentelemetry/api';
import { answerAttributes } from '../../pauses/attribution/answerAttributes.ts';
import { longWait } from '../../pauses/attribution/longWait.ts';
import type { IdleWatch } from '../../pauses/detector/idleWatch.ts';
import { ReplyArrival } from '../../services/kit/replyArrival.ts';

/** As the services tell it. */
const minMicros = 2000;

/**
 * Says of answers what the services' client spans say of theirs, because the generator is a process
 * like any other: how long one was on its way, and lay here before this loop, busy or without a
 * core, read it.
 */
export class AnswerReading {
  readonly #idle: IdleWatch;
  readonly #arrivals = new ReplyArrival();

  constructor(idle: IdleWatch) {
    this.#idle = idle;
  }

  /**
   * @param originUnixMs what `performance.now()` counts from.
   * @param endMs when it was read, by `performance.now()`.
   * @param sentUnixMs when it was sent, by its sender's clock; null: it does not say.
   * @returns null: nothing.
   */
  attributes(originUnixMs: number, endMs: number, sentUnixMs: number | null): Attributes | null {
    const { lastIdleMs } = this.#idle;
    const isLate = sentUnixMs !== null && this.#arrivals.observe(sentUnixMs, originUnixMs + endMs);
    if (lastIdleMs === null) return null;
    const micros = (ms: number) => 1000 * (originUnixMs + ms);
    const wait = longWait(
      micros(endMs),
      isLate ? 1000 * sentUnixMs : null,
      micros(lastIdleMs),
      minMicros,
      { coreWaitMicros: () => 1000 * this.#idle.coreWaitMs() },
    );
    return wait && answerAttributes(1000 * (endMs - lastIdleMs), wait, minMicros);
  }
}
