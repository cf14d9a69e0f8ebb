import { unixMicrosText, unixMs } from './spanTime.ts';

/** Header of an answer: when it was handed to the callee's kernel, in Unix microseconds. */
export const sentHeader = 'x-sent-unix-us';

/** The value of {@link sentHeader} for an answer that is sent now. */
export function sentNow(): string {
  return unixMicrosText(unixMs());
}

/** Unix milliseconds by the sender's clock; null where a foreign server has not said it. */
export function readSent(value: unknown): number | null {
  const sentUnixMs = typeof value === 'string' ? Number(value) / 1000 : Number.NaN;
  return sentUnixMs > 0 ? sentUnixMs : null;
}

/** When an answer had arrived, by the reader's clock. */
export interface Arrival {
  readonly unixMs: number;
  /** It may have been this much earlier or later. */
  readonly marginMs: number;
}

/** What reading, rounding and the network's usual jitter amount to. */
const jitterMs = 2;

/** Clocks that are not kept together part by less than this, in milliseconds a millisecond. */
const drift = 200e-6;

const windowMs = 10_000;

/**
 * Says when an answer arrived that was read late, from when it was sent: the kernel knows, but Node
 * has no way to ask it. Sending to reading, by the clocks of both, took at least so much lately:
 * the least delay is that of an answer that nobody kept waiting, and contains what the clocks
 * differ by, so that they need not agree. It is the base delay of congestion control by delay
 * (LEDBAT, RFC 6817, 3.1.1), minimum of the present and the last window of ten seconds.
 *
 * An answer whose packets were lost on the way arrived later than this says.
 */
export class ReplyArrival {
  #leastMs = Number.POSITIVE_INFINITY;
  #lastLeastMs = Number.POSITIVE_INFINITY;
  #windowStartUnixMs = 0;

  /**
   * An answer was read when it came. Both in Unix milliseconds, each by its own clock.
   * @returns whether that took longer than answers take at least, by more than their jitter.
   */
  observe(sentUnixMs: number, readUnixMs: number): boolean {
    if (readUnixMs - this.#windowStartUnixMs >= windowMs) {
      this.#lastLeastMs = this.#leastMs;
      this.#leastMs = Number.POSITIVE_INFINITY;
      this.#windowStartUnixMs = readUnixMs;
    }
    const tookMs = readUnixMs - sentUnixMs;
    this.#leastMs = Math.min(this.#leastMs, tookMs);
    return tookMs - Math.min(this.#leastMs, this.#lastLeastMs) > jitterMs;
  }

  /** null before the first answer. */
  of(sentUnixMs: number, nowUnixMs: number): Arrival | null {
    const leastMs = Math.min(this.#leastMs, this.#lastLeastMs);
    if (leastMs === Number.POSITIVE_INFINITY) return null;
    const oldMs = Math.max(0, nowUnixMs - this.#windowStartUnixMs);
    return { unixMs: sentUnixMs + leastMs, marginMs: jitterMs + drift * oldMs };
  }
}
