import { SpanKind } from '@opentelemetry/api';
import type { DetectedPause } from '../detector/detectedPause.ts';
import { PauseAttribute } from '../strategy.ts';
import { rootContext } from './ids.ts';
import { KnownPause } from './knownPause.ts';
import type { EndedSpan } from './span.ts';
import { microsOf, microsOfNano } from './time.ts';

/** The span of a pause is held until nothing was learned of it for so long, */
const quietMs = 250;
/** and at most for so long. */
const openMs = 5000;
/** Pauses that are to have a span of their own, at one time. */
const maxOpen = 64;

/** A made pause whose detection has not come yet. */
interface Made {
  readonly span: EndedSpan;
  waitedMs: number;
}

export interface OpenPausesOptions {
  /** Called for a pause once no more is to be learned of it. */
  readonly onClosed: (pause: KnownPause) => void;
  /** Called for the span of a pause that was made and that nobody detected. */
  readonly onUndetected: (made: EndedSpan) => void;
}

/** Pauses of which more may be learned, before their spans go on: their victims, and who made them. */
export class OpenPauses {
  readonly #options: OpenPausesOptions;
  #open: KnownPause[] = [];
  #made: Made[] = [];

  constructor(options: OpenPausesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.length + this.#made.length;
  }

  /** One pause has one span: that of whoever made it. Which of the two comes first is not certain. */
  detected(detected: DetectedPause): KnownPause {
    const index = this.#made.findIndex(({ span }) => isSame(detected, span));
    const made = this.#made.splice(index, index < 0 ? 0 : 1)[0]?.span ?? null;
    const hasSpan = made !== null || this.#open.length < maxOpen;
    const pause = new KnownPause(detected, made?.spanContext() ?? rootContext(), hasSpan);
    pause.made = made;
    if (hasSpan) this.#open.push(pause);
    return pause;
  }

  /** The span of a pause that was made has ended. */
  wasMade(span: EndedSpan): void {
    const pause = this.#open.find((one) => one.made === null && isSame(one.detected, span));
    if (pause === undefined) this.#made.push({ span, waitedMs: 0 });
    else {
      pause.made = span;
      if (!pause.linked) pause.context = span.spanContext();
    }
  }

  /** @param sinceMs for which the thread ran since the last one. */
  tick(sinceMs: number): void {
    this.#made = this.#made.filter((one) => {
      one.waitedMs += sinceMs;
      if (one.waitedMs <= quietMs) return true;
      this.#options.onUndetected(one.span);
      return false;
    });
    this.#open = this.#open.filter((pause) => {
      pause.quietMs += sinceMs;
      pause.openMs += sinceMs;
      if (pause.quietMs <= quietMs && pause.openMs <= openMs) return true;
      this.#options.onClosed(pause);
      return false;
    });
  }

  closeAll(): void {
    for (const { span } of this.#made.splice(0)) this.#options.onUndetected(span);
    for (const pause of this.#open.splice(0)) this.#options.onClosed(pause);
  }
}

/** Made on demand, as `pauses/maker.ts` does: it says how long it was to be. */
export function isMadePause({ kind, attributes }: EndedSpan): boolean {
  return kind === SpanKind.INTERNAL && attributes[PauseAttribute.requestedMs] !== undefined;
}

/** Whether a pause that was detected is one that was made: they share most of the latter. */
function isSame({ startUnixNano, endUnixNano }: DetectedPause, made: EndedSpan): boolean {
  const [start, end] = [microsOf(made.startTime), microsOf(made.endTime)];
  const overlap =
    Math.min(end, microsOfNano(endUnixNano)) - Math.max(start, microsOfNano(startUnixNano));
  return overlap > (end - start) / 2;
}
