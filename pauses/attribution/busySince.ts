import type { HrTime } from '@opentelemetry/api';
import { LateRequests } from './lateRequests.ts';
import type { LiveSpan } from './span.ts';
import { microsOf, type UnixMicros } from './time.ts';

/** Of work that found the loop idle. */
export const notBusy = Number.POSITIVE_INFINITY;

/** A request that is begun with so soon after its sending found nothing that waited before it. */
const atOnceMicros = 500;

/** A request with which the loop begins now. */
export interface BegunRequest {
  readonly traceId: string;
  /** By its sender's stamp; null: not known. */
  readonly sentMicros: UnixMicros | null;
  /** Earliest moment at which it can have been here. */
  readonly arrivedMicros: UnixMicros;
  readonly beganMicros: UnixMicros;
  /** No other one is in flight. */
  readonly isAlone: boolean;
}

/** What the detector has seen of the loop's rests by now. */
export interface Rests {
  /** When it had last rested long enough to have nothing left of a backlog. */
  readonly recoveredMicros: UnixMicros;
  /** How long it has rested in all. */
  readonly restedMicros: number;
}

/**
 * Since when the loop has been busy with work that waits: it was last clear of that at the latest of
 * its last rest, the end of a request after which none was in flight and none had come, and the
 * sending of one that was begun with at once. A rest does not count while requests that were begun
 * with late have not gone on.
 */
export class BusySince {
  readonly #minWaitMicros: number;
  readonly #late = new LateRequests();
  /** When the last request that was in flight had ended. */
  #emptiedMicros = Number.NEGATIVE_INFINITY;
  /** The latest moment at which requests showed that nothing waited. */
  #clearMicros = Number.NEGATIVE_INFINITY;

  /** @param minWaitMicros who waited for so long was begun with late. */
  constructor(minWaitMicros: number) {
    this.#minWaitMicros = minWaitMicros;
  }

  /**
   * @returns when the loop was last clear of work that waited; infinite only for a request that
   *   neither waited nor came while others did.
   */
  begin(request: BegunRequest, { recoveredMicros, restedMicros }: Rests): UnixMicros {
    const { traceId, sentMicros, arrivedMicros, beganMicros, isAlone } = request;
    if (isAlone && arrivedMicros > this.#emptiedMicros) this.#wasClear(this.#emptiedMicros);
    if (sentMicros !== null && Math.abs(beganMicros - sentMicros) <= atOnceMicros) {
      this.#wasClear(sentMicros);
    }
    const clearMicros = Math.min(
      Math.max(recoveredMicros, this.#clearMicros),
      this.#late.since(arrivedMicros, beganMicros, restedMicros),
    );
    if (beganMicros - arrivedMicros >= this.#minWaitMicros) {
      this.#late.add(traceId, clearMicros, beganMicros, restedMicros);
      return clearMicros;
    }
    return beganMicros - clearMicros >= this.#minWaitMicros ? clearMicros : notBusy;
  }

  /** A request asks another service, or ends. */
  goesOn(span: Pick<LiveSpan, 'spanContext'>, time: HrTime): void {
    if (!this.#late.isEmpty) this.#late.goesOn(span.spanContext().traceId, microsOf(time));
  }

  /** The last request that was in flight has ended. */
  emptied(time: HrTime): void {
    this.#emptiedMicros = microsOf(time);
  }

  #wasClear(micros: UnixMicros): void {
    this.#clearMicros = Math.max(this.#clearMicros, micros);
  }
}
