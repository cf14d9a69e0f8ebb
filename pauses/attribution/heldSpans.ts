import type { Attributes } from '@opentelemetry/api';
import type { EndedSpan } from './span.ts';
import { microsOf, type UnixMicros } from './time.ts';

/**
 * Least time between two ticks. The looks of a detector that runs give them: a timer would wake the
 * process once more, which costs as much as many spans.
 */
export const tickMs = 12;
/**
 * A span is held for at most so many ticks in which the thread ran, and the rest of one: 48 ms. The
 * first may come at once, so that it is 36 ms at least: more than the evidence takes.
 */
const heldTicks = 3;

/** A span that waits for its evidence. */
export interface Held {
  readonly span: EndedSpan;
  /** When the loop was last clear of work when its request was begun with; infinite: it found it so. */
  readonly busySinceMicros: UnixMicros;
  /** What is to be added to a client span whose answer was long on its way, or lay here. */
  readonly ofAnswer: Attributes | null;
}

/** Ended spans, until all evidence of what they may have overlapped is in. */
export class HeldSpans {
  readonly #max: number;
  readonly #handOn: (one: Held) => void;
  /** About in the order of their ends. */
  #held: Held[] = [];
  #handedOn = 0;
  /** How many had been taken in by each of the last ticks, newest first. */
  #takenInByTick: number[] = [];

  /** @param max most that are held: for one more the first goes on with what is known. */
  constructor(max: number, handOn: (one: Held) => void) {
    this.#max = max;
    this.#handOn = handOn;
  }

  get size(): number {
    return this.#held.length;
  }

  get spans(): EndedSpan[] {
    return this.#held.map(({ span }) => span);
  }

  add(one: Held): void {
    this.#held.push(one);
    if (this.#held.length > this.#max) this.#handOnFirst(1);
  }

  tick(): void {
    this.#takenInByTick.unshift(this.#takenIn);
    if (this.#takenInByTick.length > heldTicks) this.#takenInByTick.pop();
  }

  /** Hands on those that ended before all that is evident by now, and those held for long enough. */
  handOnSettled(settledMicros: UnixMicros): void {
    const overdue = (this.#takenInByTick[heldTicks - 1] ?? 0) - this.#handedOn;
    const first = this.#held.findIndex(
      ({ span }, index) => index >= overdue && microsOf(span.endTime) > settledMicros,
    );
    this.#handOnFirst(first < 0 ? this.#held.length : first);
  }

  /** Waits until the evidence of all that are here is in, at most 50 ms, and hands them on. */
  async release(settledMicros: () => UnixMicros): Promise<void> {
    const last = this.#takenIn;
    for (let tick = 0; tick <= heldTicks && this.#handedOn < last; tick++) {
      this.handOnSettled(settledMicros());
      if (this.#handedOn < last) await new Promise((resolve) => setTimeout(resolve, tickMs));
    }
    this.#handOnFirst(Math.max(0, Math.min(this.#held.length, last - this.#handedOn)));
  }

  get #takenIn(): number {
    return this.#handedOn + this.#held.length;
  }

  #handOnFirst(count: number): void {
    if (count === 0) return;
    const ready = this.#held.splice(0, count);
    this.#handedOn += count;
    for (const one of ready) this.#handOn(one);
  }
}
