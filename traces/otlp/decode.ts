import type { Attributes, AttributeValue, Resource, Scope, Span, SpanKind } from '../span.ts';
import { integer, isThere, object, objects, text } from './checks.ts';
import { protobufToOtlpJson } from './fromProtobuf.ts';
import { idFault, normalId } from './ids.ts';
import {
  MAX_VALUE_DEPTH,
  MalformedOtlpError,
  type OtlpAnyValue,
  type OtlpKeyValue,
  type OtlpSpan,
  type OtlpTraceRequest,
  spanKindNumber,
  statusCodeNumber,
} from './request.ts';

export interface DecodedSpans {
  readonly spans: Span[];
  /** Why each span that was left out was: an invalid id, by name and value. */
  readonly rejected: string[];
}

/** @throws {MalformedOtlpError} if `bytes` are not an `ExportTraceServiceRequest`. */
export function decodeOtlpProtobuf(bytes: Uint8Array): DecodedSpans {
  return decodeOtlpJson(protobufToOtlpJson(bytes));
}

/**
 * Spans of an OTLP JSON request, as JSON.parse gives it. Unknown fields are ignored, newer enum
 * values read as unspecified or unset.
 * @throws {MalformedOtlpError} if something is not of its field's type.
 */
export function decodeOtlpJson(request: unknown): DecodedSpans {
  const spans: Span[] = [];
  const rejected: string[] = [];
  const { resourceSpans: resources } = object(request as OtlpTraceRequest, 'The request');
  for (const resourceSpans of objects(resources, 'resourceSpans')) {
    const resource: Resource = { attributes: decodeAttributes(resourceSpans.resource?.attributes) };
    for (const scopeSpans of objects(resourceSpans.scopeSpans, 'scopeSpans')) {
      const scope: Scope = {
        name: optionalText(scopeSpans.scope?.name, 'scope.name'),
        version: optionalText(scopeSpans.scope?.version, 'scope.version'),
      };
      for (const span of objects(scopeSpans.spans, 'spans')) {
        const why = idFault(span);
        if (why === null) spans.push(decodeSpan(span, resource, scope));
        else rejected.push(why);
      }
    }
  }
  return { spans, rejected };
}

const KINDS: readonly SpanKind[] = [
  'unspecified',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
];
const CODES = ['unset', 'ok', 'error'] as const;

/** A span whose ids are good. @throws {MalformedOtlpError} */
function decodeSpan(span: OtlpSpan, resource: Resource, scope: Scope): Span {
  return {
    traceId: normalId(span.traceId),
    spanId: normalId(span.spanId),
    parentSpanId: normalId(span.parentSpanId),
    name: optionalText(span.name, 'name'),
    kind: KINDS[spanKindNumber(span.kind)] ?? 'unspecified',
    startUnixNano: nano(span.startTimeUnixNano, 'startTimeUnixNano'),
    endUnixNano: nano(span.endTimeUnixNano, 'endTimeUnixNano'),
    attributes: decodeAttributes(span.attributes),
    events: objects(span.events, 'events').map((event) => ({
      name: optionalText(event.name, 'events.name'),
      timeUnixNano: nano(event.timeUnixNano, 'events.timeUnixNano'),
      attributes: decodeAttributes(event.attributes),
    })),
    links: objects(span.links, 'links').map((link) => ({
      traceId: normalId(link.traceId),
      spanId: normalId(link.spanId),
      traceState: optionalText(link.traceState, 'links.traceState'),
      attributes: decodeAttributes(link.attributes),
    })),
    status: {
      code: CODES[statusCodeNumber(span.status?.code)] ?? 'unset',
      message: optionalText(span.status?.message, 'status.message'),
    },
    traceState: optionalText(span.traceState, 'traceState'),
    flags: span.flags === undefined ? 0 : Number(span.flags) >>> 0,
    resource,
    scope,
  };
}

/** Of a key that comes twice the last value counts. */
function decodeAttributes(
  attributes: readonly OtlpKeyValue[] | null | undefined,
  depth = 1,
): Attributes {
  const result: Record<string, AttributeValue> = {};
  for (const { key, value } of objects(attributes, 'attributes')) {
    const name = optionalText(key, 'attributes.key');
    const decoded = decodeValue(value, depth);
    // A plain assignment would set the prototype.
    if (name === '__proto__') {
      Object.defineProperty(result, name, {
        value: decoded,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } else result[name] = decoded;
  }
  return result;
}

/** An empty or unknown kind of value is null. */
function decodeValue(value: OtlpAnyValue | null | undefined, depth = 1): AttributeValue {
  if (!isThere(value)) return null;
  if (depth > MAX_VALUE_DEPTH) {
    throw new MalformedOtlpError(`Attribute values may be nested ${MAX_VALUE_DEPTH} deep, no more`);
  }
  if (isThere(value.stringValue)) return text(value.stringValue, 'stringValue');
  if (isThere(value.intValue)) {
    const number = Number(value.intValue);
    return Number.isSafeInteger(number) ? number : integer(value.intValue, 'intValue');
  }
  if (isThere(value.boolValue)) return value.boolValue === true;
  if (isThere(value.doubleValue)) return Number(value.doubleValue);
  if (value.arrayValue) {
    return objects(value.arrayValue.values, 'arrayValue').map((each) =>
      decodeValue(each, depth + 1),
    );
  }
  if (value.kvlistValue) return decodeAttributes(value.kvlistValue.values, depth + 1);
  if (isThere(value.bytesValue)) {
    return new Uint8Array(Buffer.from(text(value.bytesValue, 'bytesValue'), 'base64'));
  }
  return null;
}

function nano(value: unknown, name: string): bigint {
  return isThere(value) ? integer(value, name) : 0n;
}

function optionalText(value: unknown, name: string): string {
  return isThere(value) ? text(value, name) : '';
}
