import { readHop } from '../../pauses/attribution/stamp.ts';

/** The thread stood still; times in microseconds since 1970. */
export interface Stop {
  readonly kind: string;
  readonly startUnixMicros: number;
  readonly endUnixMicros: number;
}

/**
 * Senders' clocks may be off by more than this, and then their stamps say nothing. It also bounds
 * for how long after a pause a request that was sent before its end can still be found waiting.
 */
const trustMicros = 1_000_000;

/**
 * Counts the requests that a pause hit: those that were in the process when it ended, and those
 * that had been sent by then but were read only afterwards, as their sender's stamp tells.
 */
export class VictimCount {
  readonly #onVictims: (kind: string, count: number) => void;
  #inProcess = 0;
  #last: Stop | null = null;
  #watchUntilUnixMicros = 0;

  constructor(onVictims: (kind: string, count: number) => void) {
    this.#onVictims = onVictims;
  }

  /** Requests in the process now. */
  get inProcess(): number {
    return this.#inProcess;
  }

  /** To be called in the turn in which the thread went on. */
  stopped(stop: Stop): void {
    this.#last = stop;
    const length = stop.endUnixMicros - stop.startUnixMicros;
    this.#watchUntilUnixMicros = stop.endUnixMicros + length + trustMicros;
    if (this.#inProcess > 0) this.#onVictims(stop.kind, this.#inProcess);
  }

  /** @param traceState as it was received; asked for only where it matters. */
  began(nowUnixMicros: number, traceState: () => string | undefined): void {
    this.#inProcess++;
    const stop = this.#last;
    if (stop === null) return;
    if (nowUnixMicros > this.#watchUntilUnixMicros) {
      this.#last = null;
      return;
    }
    const sent = readHop(traceState() ?? '')?.sentUnixMicros;
    if (sent === undefined || sent >= stop.endUnixMicros) return;
    if (sent > stop.startUnixMicros - trustMicros) this.#onVictims(stop.kind, 1);
  }

  ended(): void {
    this.#inProcess--;
  }
}
