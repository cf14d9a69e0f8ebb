import type { LoadSnapshot } from './generator.ts';
import { errorCounts, steadyLine } from './steadyLine.ts';

/** What a steady load has come to; its size does not grow with the time that it lasts. */
export interface LoadTotals {
  readonly intended: number;
  readonly failed: number;
  readonly dropped: number;
}

/** Adds up the laps of a steady load, and words them. */
export class LapLog {
  readonly #origin: string;
  #totals: LoadTotals = { intended: 0, failed: 0, dropped: 0 };
  #silentSince: Date | null = null;

  /** @param origin address of the target, for sentences. */
  constructor(origin: string) {
    this.#origin = origin;
  }

  get totals(): LoadTotals {
    return this.#totals;
  }

  /** The target is known not to answer, so that its first answer is news. */
  startSilent(at: Date): void {
    this.#silentSince = at;
  }

  /**
   * Counts a lap that ended `at`.
   * @returns its line, and a sentence if the target has stopped or begun to answer in it.
   */
  add(lap: LoadSnapshot, at: Date): { readonly line: string; readonly news: string | null } {
    const { intended, failed, dropped } = this.#totals;
    this.#totals = {
      intended: intended + lap.intended,
      failed: failed + lap.failed,
      dropped: dropped + lap.dropped,
    };
    return { line: `${at.toISOString()} ${steadyLine(lap)}`, news: this.#news(lap, at) };
  }

  #news(lap: LoadSnapshot, at: Date): string | null {
    if (this.#silentSince === null && lap.succeeded === 0 && lap.failed > 0) {
      this.#silentSince = at;
      return (
        `No request to ${this.#origin} succeeds (${errorCounts(lap)}); the load goes on, ` +
        'and says when one does'
      );
    }
    if (this.#silentSince !== null && lap.succeeded > 0) {
      const seconds = Math.round((at.getTime() - this.#silentSince.getTime()) / 1000);
      this.#silentSince = null;
      return `${this.#origin} answers again, after about ${seconds} s`;
    }
    return null;
  }
}
