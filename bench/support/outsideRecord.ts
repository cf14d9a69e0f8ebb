import { Attribute } from '../../services/kit/attributes.ts';
import { serviceOf } from '../../traces/service.ts';
import type { Span } from '../../traces/span.ts';

/** One request at a service, as processes around it saw it. Milliseconds since the record's origin. */
export interface OutsideVisit {
  readonly traceId: string;
  /** The caller's client span. */
  readonly callId: string;
  readonly isBaseline: boolean;
  /** When the caller sent it. */
  readonly sentMs: number;
  /** When the caller had the answer, or gave up. */
  readonly endMs: number;
  readonly answered: boolean;
  /**
   * The first thing that another process saw of the work on it: its call arriving further down, or
   * else the answer. null: nothing was seen.
   */
  readonly signMs: number | null;
}

/**
 * The requests at `service`, by the time of their sending. No time in it was taken by the service
 * itself; of its spans only ids are used, to tell which call belongs to which request.
 */
export function outsideVisits(
  spans: readonly Span[],
  service: string,
  toMs: (unixNano: bigint) => number,
): OutsideVisit[] {
  const children = new Map<string, Span[]>();
  const phases = new Map<string, unknown>();
  for (const span of spans) {
    const siblings = children.get(span.parentSpanId);
    if (span.parentSpanId === '') phases.set(span.traceId, span.attributes[Attribute.loadPhase]);
    else if (siblings) siblings.push(span);
    else children.set(span.parentSpanId, [span]);
  }
  const below = (span: Span, kind: Span['kind']) =>
    (children.get(span.spanId) ?? []).filter((child) => child.kind === kind);
  const visits: OutsideVisit[] = [];
  for (const call of spans) {
    if (call.attributes[Attribute.callTo] !== service || call.kind !== 'client') continue;
    const phase = phases.get(call.traceId);
    if (phase !== 'baseline' && phase !== 'pauses') continue;
    const answered = call.attributes['http.response.status_code'] !== undefined;
    const endMs = toMs(call.endUnixNano);
    const arrivals = below(call, 'server')
      .flatMap((server) => below(server, 'client'))
      .flatMap((onward) => below(onward, 'server'))
      .filter((span) => serviceOf(span) !== service)
      .map((span) => toMs(span.startUnixNano));
    visits.push({
      traceId: call.traceId,
      callId: call.spanId,
      isBaseline: phase === 'baseline',
      sentMs: toMs(call.startUnixNano),
      endMs,
      answered,
      signMs: arrivals.length > 0 ? Math.min(...arrivals) : answered ? endMs : null,
    });
  }
  return visits.sort((a, b) => a.sentMs - b.sentMs);
}
