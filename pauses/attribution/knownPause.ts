import type { Link, SpanContext } from '@opentelemetry/api';
import type { DetectedPause } from '../detector/detectedPause.ts';
import { PauseAttribute } from '../strategy.ts';
import type { EndedSpan } from './span.ts';
import { microsOfNano, type UnixMicros } from './time.ts';

/** Victims that the span of a pause links to. */
const linksKept = 10;
/**
 * A backlog is followed for so many times its pause. At a use of ρ it takes Dρ/(1 − ρ) to drain, 19
 * times D at 95 %; nearer to 1 it is the load that lets requests wait, rather than the pause. So it
 * is from the beginning where the loop had not rested for as long before the pause.
 */
const longestDrain = 20;

export type Role = 'hit' | 'queued';

/** One pause, and what is known of its victims so far. */
export class KnownPause {
  readonly detected: DetectedPause;
  readonly startMicros: UnixMicros;
  readonly endMicros: UnixMicros;
  /** Those that come before this find a backlog. It grows while there is one. */
  drainedMicros: UnixMicros;
  /** Until when it is followed: who comes later is not behind this pause. */
  drainLimitMicros: UnixMicros;
  /** Of the pause's own span. */
  context: SpanContext;
  /** Whether there is going to be one. */
  readonly hasSpan: boolean;
  /** Somebody links to that. */
  linked = false;
  /** The span of whoever made this pause on demand. */
  made: EndedSpan | null = null;
  /** Since anything was learned of it, and since it was told; while the thread ran. */
  quietMs = 0;
  openMs = 0;
  readonly counts = { hit: 0, queued: 0 };
  readonly #recoveredMicros: UnixMicros;
  /** By falling harm. */
  readonly #worst: { readonly context: SpanContext; readonly harmMicros: number }[] = [];

  constructor(detected: DetectedPause, context: SpanContext, hasSpan = true) {
    this.detected = detected;
    this.hasSpan = hasSpan;
    this.startMicros = microsOfNano(detected.startUnixNano);
    this.endMicros = microsOfNano(detected.endUnixNano);
    this.drainedMicros = this.endMicros;
    this.#recoveredMicros =
      detected.recoveredUnixNano === null
        ? this.startMicros
        : microsOfNano(detected.recoveredUnixNano);
    const lengthMicros = this.endMicros - this.startMicros;
    const longestMicros = longestDrain * lengthMicros;
    const isLoad = this.startMicros - this.#recoveredMicros > longestMicros;
    this.drainLimitMicros = this.endMicros + (isLoad ? 0 : longestMicros);
    this.context = context;
  }

  /** As whoever made it says, or as it was detected. */
  get kind(): string {
    return String(this.made?.attributes[PauseAttribute.kind] ?? this.detected.kind);
  }

  overlapMicros(fromMicros: UnixMicros, toMicros: UnixMicros): number {
    return Math.min(toMicros, this.endMicros) - Math.max(fromMicros, this.startMicros);
  }

  /** One of the backlog was begun with then. */
  drainsTo(beganMicros: UnixMicros): void {
    const micros = Math.max(this.drainedMicros, beganMicros);
    this.drainedMicros = Math.min(micros, this.drainLimitMicros);
  }

  /** When `next` begins it takes over the backlog, if there is one left. */
  handsOverTo(next: KnownPause): void {
    if (next.#recoveredMicros <= this.endMicros) {
      next.drainLimitMicros = Math.max(next.drainLimitMicros, this.drainLimitMicros);
    }
    const limitMicros = Math.max(this.endMicros, next.startMicros);
    this.drainLimitMicros = Math.min(this.drainLimitMicros, limitMicros);
    this.drainedMicros = Math.min(this.drainedMicros, this.drainLimitMicros);
  }

  /** @param harmMicros how much of the request it took. */
  addVictim(role: Role, context: SpanContext, harmMicros: number): void {
    this.counts[role]++;
    this.quietMs = 0;
    const worst = this.#worst;
    if (worst.length === linksKept && harmMicros <= (worst.at(-1)?.harmMicros ?? 0)) return;
    worst.push({ context, harmMicros });
    worst.sort((a, b) => b.harmMicros - a.harmMicros);
    if (worst.length > linksKept) worst.pop();
  }

  /** To the worst victims. */
  get links(): Link[] {
    return this.#worst.map(({ context }) => ({ context }));
  }
}
