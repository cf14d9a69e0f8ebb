/**
 * How long a thread that its kernel had woken waited for a core before its loop went on. Node counts
 * that as idle: what it is woken for has come by then, and lies here.
 *
 * Only asking costs anything, which is to be left to when a request was long on its way.
 */
export class CoreWait {
  readonly #runDelayMs: () => number | null;
  #restEndMs: number | null = null;
  #waitedMs = 0;

  /** @param runDelayMs time without a core since it was last read; null: not to be had here. */
  constructor(runDelayMs: () => number | null) {
    this.#runDelayMs = runDelayMs;
  }

  /**
   * The last of a rest that ended at `restEndMs` after `restMs`. Whoever asks again about the same
   * one hears the same.
   *
   * What was read may be from before the rest: the bound is there for that.
   */
  endingRest(restEndMs: number, restMs: number): number {
    if (restEndMs !== this.#restEndMs) {
      this.#restEndMs = restEndMs;
      this.#waitedMs = Math.min(this.#runDelayMs() ?? 0, restMs);
    }
    return this.#waitedMs;
  }
}
