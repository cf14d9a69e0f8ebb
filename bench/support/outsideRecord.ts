import { Attribute } from '../../services/kit/attributes.ts';
import type { Span } from '../../traces/span.ts';
import type { TappedRequest } from './wireTap.ts';

/** One request at a service, as it was seen on the wire. Milliseconds since the record's origin. */
export interface OutsideVisit {
  readonly traceId: string;
  /** The caller's client span. */
  readonly callId: string;
  readonly isBaseline: boolean;
  /** When its caller began to send it. */
  readonly callMs: number;
  /** When it was on the wire. */
  readonly sentMs: number;
  /** When the answer was, or the caller gave up. */
  readonly endMs: number;
  readonly answered: boolean;
  /** How much earlier it may have been there, unseen. Default: 0. */
  readonly endBehindMs?: number;
  /**
   * The first thing that was seen of the work on it: its call further down on the wire, or else the
   * answer. null: nothing was seen.
   */
  readonly signMs: number | null;
  /** How much earlier it may have been there, unseen by a tap that was busy. Default: 0. */
  readonly signBehindMs?: number;
  /** When the last answer from further down was on the wire to it; null: it asked nobody, or none came. */
  readonly returnedMs: number | null;
}

/**
 * The requests at `service`, by the time of their sending. No time in it was taken by the service
 * itself; of its spans only ids are used, to tell which call belongs to which request.
 */
export function outsideVisits(
  spans: readonly Span[],
  tapped: readonly TappedRequest[],
  service: string,
  toMs: (unixNano: bigint) => number,
): OutsideVisit[] {
  const wire = new Map(tapped.map((request) => [request.callId, request]));
  const atMs = (unixMs: number) => toMs(BigInt(Math.round(unixMs * 1e6)));
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
    const request = wire.get(call.spanId);
    if (request === undefined) continue; // it never left its caller
    const answeredMs = request.answeredUnixMs === null ? null : atMs(request.answeredUnixMs);
    const onward = below(call, 'server')
      .flatMap((server) => below(server, 'client'))
      .flatMap(({ spanId }) => wire.get(spanId) ?? []);
    const [first] = onward.toSorted((a, b) => a.sentUnixMs - b.sentUnixMs);
    const returnedMs = onward.flatMap(({ answeredUnixMs }) =>
      answeredUnixMs === null ? [] : atMs(answeredUnixMs),
    );
    visits.push({
      traceId: call.traceId,
      callId: call.spanId,
      isBaseline: phase === 'baseline',
      callMs: Math.min(toMs(call.startUnixNano), atMs(request.sentUnixMs)),
      sentMs: atMs(request.sentUnixMs),
      endMs: answeredMs ?? toMs(call.endUnixNano),
      answered: answeredMs !== null,
      endBehindMs: request.answeredBehindMs,
      signMs: first === undefined ? answeredMs : atMs(first.sentUnixMs),
      signBehindMs: first === undefined ? request.answeredBehindMs : first.sentBehindMs,
      returnedMs: returnedMs.length > 0 ? Math.max(...returnedMs) : null,
    });
  }
  return visits.sort((a, b) => a.sentMs - b.sentMs);
}
