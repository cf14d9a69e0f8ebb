import { PbfWriter } from 'pbf';
import { idFault, normalId } from './ids.ts';
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
  spanKindNumber,
  statusCodeNumber,
} from './request.ts';

export interface ProtobufRequest {
  /** An `ExportTraceServiceRequest`. */
  readonly bytes: Uint8Array;
  /** Spans left out because of an invalid id. */
  readonly rejected: number;
  /** Why the first of them was; null if none. */
  readonly reason: string | null;
}

// One at a time suffices: writing never waits.
let rejected = 0;
let reason: string | null = null;
const scratch = new PbfWriter(new Uint8Array(64 * 1024));
const KEPT_SCRATCH_BYTES = 1024 * 1024;

/**
 * An OTLP JSON request (as JSON.parse gives it) as protobuf. Fields that OTLP does not have are
 * left out, as its specification asks of JSON receivers.
 * @throws {MalformedOtlpError} if something is not of its field's type.
 */
export function otlpJsonToProtobuf(request: unknown): ProtobufRequest {
  rejected = 0;
  reason = null;
  scratch.pos = 0;
  scratch.length = scratch.buf.length;
  for (const resourceSpans of list(object(request, 'request').resourceSpans, 'resourceSpans')) {
    scratch.writeMessage(1, writeResourceSpans, object(resourceSpans, 'resourceSpans'));
  }
  const bytes = scratch.buf.slice(0, scratch.pos);
  if (scratch.buf.length > KEPT_SCRATCH_BYTES) {
    scratch.buf = new Uint8Array(64 * 1024);
    scratch.dataView = new DataView(scratch.buf.buffer);
  }
  return { bytes, rejected, reason };
}

function writeResourceSpans(resourceSpans: OtlpResourceSpans, pbf: PbfWriter): void {
  const { resource, scopeSpans, schemaUrl } = resourceSpans;
  if (resource) pbf.writeMessage(1, writeResource, object(resource, 'resource'));
  for (const each of list(scopeSpans, 'scopeSpans')) {
    pbf.writeMessage(2, writeScopeSpans, object(each, 'scopeSpans'));
  }
  writeText(3, schemaUrl, 'schemaUrl', pbf);
}

function writeResource(resource: NonNullable<OtlpResourceSpans['resource']>, pbf: PbfWriter): void {
  writeAttributes(1, resource.attributes, pbf);
  writeCount(2, resource.droppedAttributesCount, pbf);
}

function writeScopeSpans(scopeSpans: OtlpScopeSpans, pbf: PbfWriter): void {
  const { scope, spans, schemaUrl } = scopeSpans;
  if (scope) pbf.writeMessage(1, writeScope, object(scope, 'scope'));
  for (const span of list(spans, 'spans')) {
    const why = idFault(object(span, 'spans'));
    if (why === null) pbf.writeMessage(2, writeSpan, span);
    else {
      rejected++;
      reason ??= why;
    }
  }
  writeText(3, schemaUrl, 'schemaUrl', pbf);
}

function writeScope(scope: OtlpScope, pbf: PbfWriter): void {
  writeText(1, scope.name, 'scope.name', pbf);
  writeText(2, scope.version, 'scope.version', pbf);
  writeAttributes(3, scope.attributes, pbf);
  writeCount(4, scope.droppedAttributesCount, pbf);
}

function writeSpan(span: OtlpSpan, pbf: PbfWriter): void {
  writeId(1, span.traceId, pbf);
  writeId(2, span.spanId, pbf);
  writeText(3, span.traceState, 'traceState', pbf);
  writeId(4, span.parentSpanId, pbf);
  writeText(5, span.name, 'name', pbf);
  const kind = spanKindNumber(span.kind);
  if (kind !== 0) pbf.writeVarintField(6, kind);
  writeNano(7, span.startTimeUnixNano, 'startTimeUnixNano', pbf);
  writeNano(8, span.endTimeUnixNano, 'endTimeUnixNano', pbf);
  writeAttributes(9, span.attributes, pbf);
  writeCount(10, span.droppedAttributesCount, pbf);
  if (span.events) {
    for (const event of list(span.events, 'events')) {
      pbf.writeMessage(11, writeEvent, object(event, 'events'));
    }
  }
  writeCount(12, span.droppedEventsCount, pbf);
  if (span.links) {
    for (const link of list(span.links, 'links')) {
      pbf.writeMessage(13, writeLink, object(link, 'links'));
    }
  }
  writeCount(14, span.droppedLinksCount, pbf);
  if (span.status) pbf.writeMessage(15, writeStatus, object(span.status, 'status'));
  if (span.flags) pbf.writeFixed32Field(16, Number(span.flags));
}

function writeEvent(event: OtlpEvent, pbf: PbfWriter): void {
  writeNano(1, event.timeUnixNano, 'events.timeUnixNano', pbf);
  writeText(2, event.name, 'events.name', pbf);
  writeAttributes(3, event.attributes, pbf);
  writeCount(4, event.droppedAttributesCount, pbf);
}

function writeLink(link: OtlpLink, pbf: PbfWriter): void {
  writeId(1, link.traceId, pbf);
  writeId(2, link.spanId, pbf);
  writeText(3, link.traceState, 'links.traceState', pbf);
  writeAttributes(4, link.attributes, pbf);
  writeCount(5, link.droppedAttributesCount, pbf);
  if (link.flags) pbf.writeFixed32Field(6, Number(link.flags));
}

function writeStatus(status: NonNullable<OtlpSpan['status']>, pbf: PbfWriter): void {
  writeText(2, status.message, 'status.message', pbf);
  const code = statusCodeNumber(status.code);
  if (code !== 0) pbf.writeVarintField(3, code);
}

function writeAttributes(
  field: number,
  attributes: readonly OtlpKeyValue[] | null | undefined,
  pbf: PbfWriter,
): void {
  if (!attributes) return;
  for (const attribute of list(attributes, 'attributes')) {
    pbf.writeMessage(field, writeKeyValue, object(attribute, 'attributes'));
  }
}

let depth = 0;

function writeKeyValue(attribute: OtlpKeyValue, pbf: PbfWriter): void {
  writeText(1, attribute.key, 'attributes.key', pbf);
  if (attribute.value) {
    depth = 1;
    pbf.writeMessage(2, writeAnyValue, object(attribute.value, 'attributes.value'));
  }
}

function writeNestedKeyValue(attribute: OtlpKeyValue, pbf: PbfWriter): void {
  writeText(1, attribute.key, 'attributes.key', pbf);
  if (attribute.value) {
    pbf.writeMessage(2, writeAnyValue, object(attribute.value, 'attributes.value'));
  }
}

function writeAnyValue(value: OtlpAnyValue, pbf: PbfWriter): void {
  if (value.stringValue !== undefined) {
    pbf.writeStringField(1, text(value.stringValue, 'stringValue'));
  } else if (value.intValue !== undefined) writeInt64(3, value.intValue, pbf);
  else if (value.boolValue !== undefined) pbf.writeBooleanField(2, value.boolValue === true);
  else if (value.doubleValue !== undefined) pbf.writeDoubleField(4, Number(value.doubleValue));
  else if (value.arrayValue) {
    deeper();
    pbf.writeMessage(5, writeArray, object(value.arrayValue, 'arrayValue'));
    depth--;
  } else if (value.kvlistValue) {
    deeper();
    pbf.writeMessage(6, writeKvlist, object(value.kvlistValue, 'kvlistValue'));
    depth--;
  } else if (value.bytesValue !== undefined) {
    pbf.writeBytesField(7, Buffer.from(text(value.bytesValue, 'bytesValue'), 'base64'));
  }
}

function deeper(): void {
  if (++depth > MAX_VALUE_DEPTH) {
    throw new MalformedOtlpError(`Attribute values may be nested ${MAX_VALUE_DEPTH} deep, no more`);
  }
}

function writeArray(array: { values?: OtlpAnyValue[] | null }, pbf: PbfWriter): void {
  for (const value of list(array.values, 'arrayValue.values')) {
    pbf.writeMessage(1, writeAnyValue, object(value, 'arrayValue.values'));
  }
}

function writeKvlist(kvlist: { values?: OtlpKeyValue[] | null }, pbf: PbfWriter): void {
  for (const value of list(kvlist.values, 'kvlistValue.values')) {
    pbf.writeMessage(1, writeNestedKeyValue, object(value, 'kvlistValue.values'));
  }
}

function writeText(field: number, value: unknown, name: string, pbf: PbfWriter): void {
  if (value !== undefined && value !== null && value !== '') {
    pbf.writeStringField(field, text(value, name));
  }
}

function writeCount(field: number, value: unknown, pbf: PbfWriter): void {
  if (value) pbf.writeVarintField(field, Number(value) >>> 0);
}

/** Writes an id that has been checked; nothing for none. */
function writeId(field: number, hex: string | undefined, pbf: PbfWriter): void {
  const id = normalId(hex);
  if (id === '') return;
  pbf.writeTag(field, 2);
  pbf.writeVarint(id.length / 2);
  pbf.realloc(id.length / 2);
  for (let i = 0; i < id.length; i += 2) {
    pbf.buf[pbf.pos++] = (digit(id.charCodeAt(i)) << 4) | digit(id.charCodeAt(i + 1));
  }
}

function digit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

const TWO_32 = 2 ** 32;
const DECIMAL = /^\d{1,20}$/;

/** Writes nanoseconds as fixed64 by halves: a double has no room for them, a bigint is slow. */
function writeNano(field: number, value: unknown, name: string, pbf: PbfWriter): void {
  if (value === undefined || value === null) return;
  let low: number;
  let high: number;
  if (typeof value === 'string' && value.length > 9 && value.length < 20 && DECIMAL.test(value)) {
    // value = top·10⁹ + rest; every product below stays under 2⁵³.
    const top = Number(value.slice(0, -9));
    const topHigh = Math.floor(top / 65536);
    const topLow = top - topHigh * 65536;
    const product = topHigh * 1e9;
    const sum = (product % 65536) * 65536 + topLow * 1e9 + Number(value.slice(-9));
    high = Math.floor(product / 65536) + Math.floor(sum / TWO_32);
    low = sum % TWO_32;
  } else {
    const nano = integer(value, name);
    if (nano < 0n || nano >= 1n << 64n) {
      throw new MalformedOtlpError(`${name} must be from 0 to 2^64 − 1; it is ${nano}`);
    }
    high = Number(nano >> 32n);
    low = Number(nano & 0xffffffffn);
  }
  pbf.writeTag(field, 1);
  pbf.writeFixed32(low);
  pbf.writeFixed32(high);
}

function writeInt64(field: number, value: number | string, pbf: PbfWriter): void {
  const number = typeof value === 'string' && value.length < 16 ? Number(value) : value;
  if (Number.isSafeInteger(number)) {
    pbf.writeVarintField(field, number as number);
    return;
  }
  let rest = integer(value, 'intValue');
  if (rest !== BigInt.asIntN(64, rest)) {
    throw new MalformedOtlpError(`intValue must fit 64 bits; it is ${rest}`);
  }
  rest = BigInt.asUintN(64, rest);
  pbf.writeTag(field, 0);
  for (; rest > 0x7fn; rest >>= 7n) {
    pbf.realloc(1);
    pbf.buf[pbf.pos++] = Number(rest & 0x7fn) | 0x80;
  }
  pbf.writeVarint(Number(rest));
}

function integer(value: unknown, name: string): bigint {
  const written = typeof value === 'number' ? String(value) : value;
  if (typeof written === 'string' && /^-?\d+$/.test(written)) return BigInt(written);
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw new MalformedOtlpError(`${name} must be an integer; it is ${JSON.stringify(value)}`);
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new MalformedOtlpError(`${name} must be a string; it is ${typeof value}`);
}

function object<T extends object>(value: T, name: string): T;
function object(value: unknown, name: string): { resourceSpans?: OtlpResourceSpans[] };
function object(value: unknown, name: string): unknown {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new MalformedOtlpError(`${name} must be an object; it is ${kindOf(value)}`);
}

function list<T>(value: readonly T[] | null | undefined, name: string): readonly T[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new MalformedOtlpError(`${name} must be an array; it is ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
}
