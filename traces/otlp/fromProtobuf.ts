import { normalId } from './ids.ts';
import {
  MAX_VALUE_DEPTH,
  MalformedOtlpError,
  type OtlpAnyValue,
  type OtlpEvent,
  type OtlpKeyValue,
  type OtlpLink,
  type OtlpResourceSpans,
  type OtlpScope,
  type OtlpScopeSpans,
  type OtlpSpan,
  type OtlpTraceRequest,
} from './request.ts';
import { FIXED32, FIXED64, int64, uint64, VARINT, WireReader } from './wire.ts';

/**
 * An `ExportTraceServiceRequest` in protobuf as its OTLP JSON form. Unknown fields are skipped;
 * ids are taken as they are, whatever their length.
 * @throws {MalformedOtlpError}
 */
export function protobufToOtlpJson(bytes: Uint8Array): OtlpTraceRequest {
  const request: OtlpTraceRequest = { resourceSpans: [] };
  const reader = new WireReader(bytes);
  while (reader.next(bytes.length)) {
    if (reader.field === 1) request.resourceSpans?.push(message(reader, readResourceSpans));
  }
  return request;
}

/** A `Span` message. */
export function protobufToOtlpSpan(bytes: Uint8Array): OtlpSpan {
  return readSpan(new WireReader(bytes), bytes.length);
}

/** A `ResourceSpans` message. */
export function protobufToOtlpResourceSpans(bytes: Uint8Array): OtlpResourceSpans {
  return readResourceSpans(new WireReader(bytes), bytes.length);
}

/** A `ScopeSpans` message. */
export function protobufToOtlpScopeSpans(bytes: Uint8Array): OtlpScopeSpans {
  return readScopeSpans(new WireReader(bytes), bytes.length);
}

type Read<T> = (reader: WireReader, end: number) => T;

/** Reads the nested message that the field holds, then goes on behind it. */
function message<T>(reader: WireReader, read: Read<T>): T {
  reader.expect(2);
  const end = reader.end;
  reader.pos = reader.start;
  const result = read(reader, end);
  reader.pos = end;
  return result;
}

function readResourceSpans(reader: WireReader, end: number): OtlpResourceSpans {
  const result: OtlpResourceSpans = { resource: {}, scopeSpans: [] };
  while (reader.next(end)) {
    if (reader.field === 1) result.resource = message(reader, readResource);
    else if (reader.field === 2) result.scopeSpans?.push(message(reader, readScopeSpans));
    else if (reader.field === 3) result.schemaUrl = reader.text();
  }
  return result;
}

function readResource(reader: WireReader, end: number): NonNullable<OtlpResourceSpans['resource']> {
  const attributes: OtlpKeyValue[] = [];
  const resource: NonNullable<OtlpResourceSpans['resource']> = { attributes };
  while (reader.next(end)) {
    if (reader.field === 1) attributes.push(message(reader, readKeyValue));
    else if (reader.field === 2) resource.droppedAttributesCount = number(reader);
  }
  return resource;
}

function readScopeSpans(reader: WireReader, end: number): OtlpScopeSpans {
  const result: OtlpScopeSpans = { scope: {}, spans: [] };
  while (reader.next(end)) {
    if (reader.field === 1) result.scope = message(reader, readScope);
    else if (reader.field === 2) result.spans?.push(message(reader, readSpan));
    else if (reader.field === 3) result.schemaUrl = reader.text();
  }
  return result;
}

function readScope(reader: WireReader, end: number): OtlpScope {
  const scope: OtlpScope = {};
  while (reader.next(end)) {
    if (reader.field === 1) scope.name = reader.text();
    else if (reader.field === 2) scope.version = reader.text();
    else if (reader.field === 3) {
      scope.attributes ??= [];
      scope.attributes.push(message(reader, readKeyValue));
    } else if (reader.field === 4) scope.droppedAttributesCount = number(reader);
  }
  return scope;
}

function readSpan(reader: WireReader, end: number): OtlpSpan {
  const span: OtlpSpan = {};
  while (reader.next(end)) {
    switch (reader.field) {
      case 1:
        span.traceId = reader.encoded('hex');
        break;
      case 2:
        span.spanId = reader.encoded('hex');
        break;
      case 3:
        span.traceState = reader.text();
        break;
      case 4:
        span.parentSpanId = normalId(reader.encoded('hex'));
        break;
      case 5:
        span.name = reader.text();
        break;
      case 6:
        span.kind = number(reader);
        break;
      case 7:
        span.startTimeUnixNano = nano(reader);
        break;
      case 8:
        span.endTimeUnixNano = nano(reader);
        break;
      case 9:
        span.attributes ??= [];
        span.attributes.push(message(reader, readKeyValue));
        break;
      case 10:
        span.droppedAttributesCount = number(reader);
        break;
      case 11:
        span.events ??= [];
        span.events.push(message(reader, readEvent));
        break;
      case 12:
        span.droppedEventsCount = number(reader);
        break;
      case 13:
        span.links ??= [];
        span.links.push(message(reader, readLink));
        break;
      case 14:
        span.droppedLinksCount = number(reader);
        break;
      case 15:
        span.status = message(reader, readStatus);
        break;
      case 16:
        reader.expect(FIXED32);
        span.flags = reader.low;
        break;
    }
  }
  return span;
}

function readEvent(reader: WireReader, end: number): OtlpEvent {
  const event: OtlpEvent = {};
  while (reader.next(end)) {
    if (reader.field === 1) event.timeUnixNano = nano(reader);
    else if (reader.field === 2) event.name = reader.text();
    else if (reader.field === 3) {
      event.attributes ??= [];
      event.attributes.push(message(reader, readKeyValue));
    } else if (reader.field === 4) event.droppedAttributesCount = number(reader);
  }
  return event;
}

function readLink(reader: WireReader, end: number): OtlpLink {
  const link: OtlpLink = {};
  while (reader.next(end)) {
    if (reader.field === 1) link.traceId = reader.encoded('hex');
    else if (reader.field === 2) link.spanId = reader.encoded('hex');
    else if (reader.field === 3) link.traceState = reader.text();
    else if (reader.field === 4) {
      link.attributes ??= [];
      link.attributes.push(message(reader, readKeyValue));
    } else if (reader.field === 5) link.droppedAttributesCount = number(reader);
    else if (reader.field === 6) {
      reader.expect(FIXED32);
      link.flags = reader.low;
    }
  }
  return link;
}

function readStatus(reader: WireReader, end: number): NonNullable<OtlpSpan['status']> {
  const status: NonNullable<OtlpSpan['status']> = {};
  while (reader.next(end)) {
    if (reader.field === 2) status.message = reader.text();
    else if (reader.field === 3) status.code = number(reader);
  }
  return status;
}

let depth = 0;

function readKeyValue(reader: WireReader, end: number): OtlpKeyValue {
  depth = 1;
  return readNestedKeyValue(reader, end);
}

function readNestedKeyValue(reader: WireReader, end: number): OtlpKeyValue {
  const attribute: OtlpKeyValue = { key: '', value: {} };
  while (reader.next(end)) {
    if (reader.field === 1) attribute.key = reader.text();
    else if (reader.field === 2) attribute.value = message(reader, readAnyValue);
  }
  return attribute;
}

/** An `AnyValue` message. */
export function protobufToOtlpAnyValue(bytes: Uint8Array): OtlpAnyValue {
  depth = 1;
  return readAnyValue(new WireReader(bytes), bytes.length);
}

function readAnyValue(reader: WireReader, end: number): OtlpAnyValue {
  let value: OtlpAnyValue = {};
  while (reader.next(end)) {
    switch (reader.field) {
      case 1:
        value = { stringValue: reader.text() };
        break;
      case 2:
        reader.expect(VARINT);
        value = { boolValue: reader.low !== 0 || reader.high !== 0 };
        break;
      case 3:
        reader.expect(VARINT);
        value = { intValue: String(int64(reader.low, reader.high)) };
        break;
      case 4:
        reader.expect(FIXED64);
        value = { doubleValue: jsonDouble(double(reader.low, reader.high)) };
        break;
      case 5:
        value = { arrayValue: { values: nested(reader, readAnyValue) } };
        break;
      case 6:
        value = { kvlistValue: { values: nested(reader, readNestedKeyValue) } };
        break;
      case 7:
        value = { bytesValue: reader.encoded('base64') };
        break;
    }
  }
  return value;
}

function nested<T>(reader: WireReader, read: Read<T>): T[] {
  if (++depth > MAX_VALUE_DEPTH) {
    throw new MalformedOtlpError(`Attribute values may be nested ${MAX_VALUE_DEPTH} deep, no more`);
  }
  const values = message(reader, (inner, end) => {
    const list: T[] = [];
    while (inner.next(end)) if (inner.field === 1) list.push(message(inner, read));
    return list;
  });
  depth--;
  return values;
}

const halves = new DataView(new ArrayBuffer(8));

/** The double with these bits. */
export function double(low: number, high: number): number {
  halves.setUint32(0, low, true);
  halves.setUint32(4, high, true);
  return halves.getFloat64(0, true);
}

/** proto3 JSON has names for what JSON has no numbers for. */
export function jsonDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function number(reader: WireReader): number {
  reader.expect(VARINT);
  return reader.low;
}

function nano(reader: WireReader): string {
  reader.expect(FIXED64);
  return String(uint64(reader.low, reader.high));
}
