import {
  protobufToOtlpResourceSpans,
  protobufToOtlpScopeSpans,
  protobufToOtlpSpan,
} from '../traces/otlp/fromProtobuf.ts';
import type { OtlpResourceSpans, OtlpSpan } from '../traces/otlp/request.ts';
import type { Origin } from './incoming.ts';
import { spanOf } from './segment.ts';
import type { SpanStore } from './store.ts';

/** A held trace as OTLP JSON, in the order of arrival; empty if there is none of this key. */
export function readTrace(store: SpanStore, traceKey: string): OtlpResourceSpans[] {
  const byOrigin = new Map<Origin, OtlpSpan[]>();
  for (const { segment, row } of store.trace(traceKey)) {
    const origin = segment.origins[segment.origin[row] as number] as Origin;
    const spans = byOrigin.get(origin);
    const span = protobufToOtlpSpan(spanOf(segment, row));
    if (spans) spans.push(span);
    else byOrigin.set(origin, [span]);
  }
  return [...byOrigin].map(([origin, spans]) => ({
    ...protobufToOtlpResourceSpans(origin.resource),
    scopeSpans: [{ ...protobufToOtlpScopeSpans(origin.scope), spans }],
  }));
}
