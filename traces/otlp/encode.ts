import type { Attributes, AttributeValue, Span } from '../span.ts';
import { jsonDouble } from './fromProtobuf.ts';
import type {
  OtlpAnyValue,
  OtlpKeyValue,
  OtlpResourceSpans,
  OtlpScopeSpans,
  OtlpSpan,
  OtlpTraceRequest,
} from './request.ts';

const KINDS = { unspecified: 0, internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const CODES = { unset: 0, ok: 1, error: 2 };

/**
 * Spans as one OTLP JSON request, ready for JSON.stringify: integers as decimal strings, enum
 * values as numbers, ids as hex. Spans that share a resource and a scope come under one heading.
 */
export function encodeOtlpJson(spans: readonly Span[]): OtlpTraceRequest {
  const resourceSpans: OtlpResourceSpans[] = [];
  const scopeSpansOf = new Map<Span['resource'], OtlpScopeSpans[]>();
  const spansOf = new Map<Span['resource'], Map<Span['scope'], OtlpSpan[]>>();
  for (const span of spans) {
    let scopeSpans = scopeSpansOf.get(span.resource);
    let byScope = spansOf.get(span.resource);
    if (!scopeSpans || !byScope) {
      scopeSpans = [];
      byScope = new Map();
      scopeSpansOf.set(span.resource, scopeSpans);
      spansOf.set(span.resource, byScope);
      const resource = { attributes: encodeAttributes(span.resource.attributes) };
      resourceSpans.push({ resource, scopeSpans });
    }
    let list = byScope.get(span.scope);
    if (!list) {
      list = [];
      byScope.set(span.scope, list);
      scopeSpans.push({ scope: { ...span.scope }, spans: list });
    }
    list.push(encodeSpan(span));
  }
  return { resourceSpans };
}

function encodeSpan(span: Span): OtlpSpan {
  const encoded: OtlpSpan = {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: String(span.startUnixNano),
    endTimeUnixNano: String(span.endUnixNano),
    attributes: encodeAttributes(span.attributes),
    status: { code: CODES[span.status.code] },
  };
  if (span.status.message && encoded.status) encoded.status.message = span.status.message;
  if (span.traceState) encoded.traceState = span.traceState;
  if (span.flags) encoded.flags = span.flags;
  if (span.events.length > 0) {
    encoded.events = span.events.map((event) => ({
      timeUnixNano: String(event.timeUnixNano),
      name: event.name,
      attributes: encodeAttributes(event.attributes),
    }));
  }
  if (span.links.length > 0) {
    encoded.links = span.links.map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      traceState: link.traceState,
      attributes: encodeAttributes(link.attributes),
    }));
  }
  return encoded;
}

function encodeAttributes(attributes: Attributes): OtlpKeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: encodeValue(value) }));
}

/** A whole number is an integer: the model does not keep apart 1 and 1.0. */
function encodeValue(value: AttributeValue): OtlpAnyValue {
  if (value === null) return {};
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'bigint':
      return { intValue: String(value) };
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? { intValue: String(value) }
        : { doubleValue: jsonDouble(value) };
  }
  if (value instanceof Uint8Array) {
    return { bytesValue: Buffer.from(value).toString('base64') };
  }
  if (isList(value)) return { arrayValue: { values: value.map(encodeValue) } };
  return { kvlistValue: { values: encodeAttributes(value) } };
}

function isList(value: object): value is readonly AttributeValue[] {
  return Array.isArray(value);
}
