import { build } from 'hdr-histogram-js';

const microsecondsPerMs = 1000;

/** Lengths of time with three significant digits from a microsecond on, in constant memory. */
export class DurationHistogram {
  readonly #us = build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3 });

  /** One below 0 counts as 0. */
  record(durationMs: number): void {
    this.#us.recordValue(Math.max(0, Math.round(durationMs * microsecondsPerMs)));
  }

  /** Forgets everything. */
  reset(): void {
    this.#us.reset();
  }

  /** All 0 while there is nothing. */
  percentilesMs(): { p50: number; p99: number; max: number } {
    return {
      p50: this.#us.getValueAtPercentile(50) / microsecondsPerMs,
      p99: this.#us.getValueAtPercentile(99) / microsecondsPerMs,
      max: this.#us.maxValue / microsecondsPerMs,
    };
  }
}
