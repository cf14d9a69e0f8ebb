import { earlier, type Interval } from './interval.ts';
import { serviceOf } from './service.ts';
import type { Span } from './span.ts';

/** What a span says of a pause that it overlapped. */
export interface SeenPause extends Interval {
  readonly kind: string;
  readonly service: string;
  readonly span: Span;
  /** Of the whole pause, as the event says; null: it does not. */
  readonly durationMs: number | null;
}

/**
 * The pauses that a span's events tell of: named `pause`, at the moment from which the pause and
 * the span overlap, with `aftershock.pause.kind` and `aftershock.pause.overlap_ms` (or else
 * `aftershock.pause.duration_ms`, as far as it lies within the span). An event without a length
 * says that there was a pause and not how long: it takes no time here.
 */
export function pausesOn(span: Span): readonly SeenPause[] {
  if (span.events.length === 0) return none;
  const found: SeenPause[] = [];
  for (const { name, timeUnixNano, attributes } of span.events) {
    const kind = attributes['aftershock.pause.kind'];
    if (name !== 'pause' || typeof kind !== 'string') continue;
    const overlapMs = attributes['aftershock.pause.overlap_ms'];
    const wholeMs = attributes['aftershock.pause.duration_ms'];
    const lengthMs = overlapMs ?? wholeMs;
    const nano =
      typeof lengthMs === 'number' && lengthMs > 0 ? BigInt(Math.round(lengthMs * 1e6)) : 0n;
    const endUnixNano = timeUnixNano + nano;
    found.push({
      kind,
      service: serviceOf(span),
      span,
      durationMs: typeof wholeMs === 'number' ? wholeMs : null,
      startUnixNano: timeUnixNano,
      endUnixNano: overlapMs === undefined ? earlier(endUnixNano, span.endUnixNano) : endUnixNano,
    });
  }
  return found;
}

const none: readonly SeenPause[] = [];
