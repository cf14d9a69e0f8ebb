import { PausedAttribute } from '../../pauses/attribution/attributes.ts';
import { PauseAttribute } from '../../pauses/strategy.ts';
import { Attribute } from '../../services/kit/attributes.ts';
import type { Span } from '../../traces/span.ts';
import type { Run } from '../run.ts';
import type { PauseSpan, Traces } from './records.ts';
import { numberOf, type Parts, requestRecord, type ToMs } from './requestRecord.ts';

/**
 * Turns the spans of a run into requests and pauses. Spans may come in any order. A trace without
 * a root span of the load (a request by hand) is left out.
 */
export function readTraces(run: Run, spans: Iterable<Span>): Traces {
  const originUnixMs = run.phases[0]?.startUnixMs ?? Date.parse(run.startedAt);
  const originNano = BigInt(Math.round(originUnixMs * 1e6));
  const toMs = (unixNano: bigint) => Number(unixNano - originNano) / 1e6;
  const traces = new Map<string, Parts>();
  const pauses: PauseSpan[] = [];
  for (const span of spans) {
    if (typeof span.attributes[PauseAttribute.kind] === 'string' && span.kind === 'internal') {
      // One that nobody asked for was found by the service itself: no part of the experiment.
      const asked = span.attributes[PauseAttribute.requestedMs] !== undefined;
      if (asked) pauses.push(pauseSpan(span, toMs));
      continue;
    }
    if (span.kind !== 'client' && span.kind !== 'server') continue;
    let parts = traces.get(span.traceId);
    if (!parts) {
      parts = { root: null, clients: [], servers: new Map() };
      traces.set(span.traceId, parts);
    }
    if (span.kind === 'server') parts.servers.set(span.parentSpanId, span);
    else if (span.attributes[Attribute.loadPhase] !== undefined) parts.root = span;
    else if (span.attributes[Attribute.callTo] !== undefined) parts.clients.push(span);
  }
  const requests = [...traces].flatMap(([traceId, parts]) => {
    return parts.root ? [requestRecord(traceId, parts.root, parts, run.mesh.entry, toMs)] : [];
  });
  requests.sort((a, b) => a.intendedMs - b.intendedMs);
  pauses.sort((a, b) => a.startMs - b.startMs);
  return { requests, pauses };
}

function pauseSpan(span: Span, toMs: ToMs): PauseSpan {
  const { attributes } = span;
  const startMs = toMs(span.startUnixNano);
  const endMs = toMs(span.endUnixNano);
  const hit = numberOf(attributes[PausedAttribute.hit]);
  const queued = numberOf(attributes[PausedAttribute.queued]);
  return {
    service: String(span.resource.attributes['service.name']),
    kind: String(attributes[PauseAttribute.kind]),
    phase: String(attributes[PauseAttribute.phase]),
    sequence: numberOf(attributes[PauseAttribute.sequence]) ?? 0,
    requestedMs: numberOf(attributes[PauseAttribute.requestedMs]),
    measuredMs: numberOf(attributes[PauseAttribute.measuredMs]) ?? endMs - startMs,
    startMs,
    endMs,
    ...(hit !== null && queued !== null && { told: { hit, queued } }),
  };
}
