/**
 * OTLP's JSON form of an `ExportTraceServiceRequest`, as JSON.parse gives it. Every field may be
 * missing, null or of a newer kind; 64-bit integers are decimal strings or numbers, enum values
 * numbers or names. Source: opentelemetry-proto, `docs/specification.md`, JSON Protobuf Encoding.
 */
export interface OtlpTraceRequest {
  resourceSpans?: OtlpResourceSpans[] | null;
}

export interface OtlpResourceSpans {
  resource?: { attributes?: OtlpKeyValue[] | null; droppedAttributesCount?: number } | null;
  scopeSpans?: OtlpScopeSpans[] | null;
  schemaUrl?: string;
}

export interface OtlpScopeSpans {
  scope?: OtlpScope | null;
  spans?: OtlpSpan[] | null;
  schemaUrl?: string;
}

export interface OtlpScope {
  name?: string;
  version?: string;
  attributes?: OtlpKeyValue[] | null;
  droppedAttributesCount?: number;
}

export interface OtlpSpan {
  traceId?: string;
  spanId?: string;
  traceState?: string;
  parentSpanId?: string;
  flags?: number;
  name?: string;
  kind?: number | string;
  startTimeUnixNano?: number | string;
  endTimeUnixNano?: number | string;
  attributes?: OtlpKeyValue[] | null;
  droppedAttributesCount?: number;
  events?: OtlpEvent[] | null;
  droppedEventsCount?: number;
  links?: OtlpLink[] | null;
  droppedLinksCount?: number;
  status?: { message?: string; code?: number | string } | null;
}

export interface OtlpEvent {
  timeUnixNano?: number | string;
  name?: string;
  attributes?: OtlpKeyValue[] | null;
  droppedAttributesCount?: number;
}

export interface OtlpLink {
  traceId?: string;
  spanId?: string;
  traceState?: string;
  attributes?: OtlpKeyValue[] | null;
  droppedAttributesCount?: number;
  flags?: number;
}

export interface OtlpKeyValue {
  key?: string;
  value?: OtlpAnyValue | null;
}

export interface OtlpAnyValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: number | string;
  /** `NaN`, `Infinity` and `-Infinity` are strings. */
  doubleValue?: number | string;
  arrayValue?: { values?: OtlpAnyValue[] | null } | null;
  kvlistValue?: { values?: OtlpKeyValue[] | null } | null;
  /** Base64. */
  bytesValue?: string;
}

/** Attribute values may be nested this deep; deeper is taken for an attack on the stack. */
export const MAX_VALUE_DEPTH = 32;

/** Bytes or JSON that are not OTLP. The sender's mistake: sending it again does not help. */
export class MalformedOtlpError extends Error {
  override name = 'MalformedOtlpError';
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'];

/** Number of an enum value. A name that is not in the list is one from a newer OTLP: 0. */
function enumNumber(value: unknown, prefix: string, names: readonly string[]): number {
  if (typeof value === 'number') return Number.isInteger(value) && value > 0 ? value : 0;
  if (typeof value !== 'string') return 0;
  if (/^\d+$/.test(value)) return Number(value);
  return Math.max(0, names.indexOf(value.replace(prefix, '')));
}

/** `SpanKind` as a number, from 0 (unspecified); may be newer than the five known ones. */
export function spanKindNumber(kind: unknown): number {
  return enumNumber(kind, 'SPAN_KIND_', KINDS);
}

/** `StatusCode` as a number: 0 unset, 1 ok, 2 error, or newer. */
export function statusCodeNumber(code: unknown): number {
  return enumNumber(code, 'STATUS_CODE_', STATUS_CODES);
}
