import { fault } from '../traces/otlp/ids.ts';
import type { ProtobufRequest } from '../traces/otlp/toProtobuf.ts';
import { FIXED64, LEN, VARINT, WireReader } from '../traces/otlp/wire.ts';
import { hashKeyValue } from './attributeHash.ts';
import type { IncomingRequest, IncomingSpan, Origin } from './incoming.ts';

/**
 * Checks an `ExportTraceServiceRequest` whole and notes what the store's index needs, without
 * making objects of attributes. Spans of invalid ids are counted and left out.
 * @throws {MalformedOtlpError} if `bytes` are not such a request.
 */
export function scanRequest(bytes: Buffer): IncomingRequest {
  const found: Found = { spans: [], attributeHashes: [], rejected: 0, reason: null };
  const reader = new WireReader(bytes);
  while (reader.next(bytes.length)) {
    if (reader.field === 1) inside(reader, (end) => scanResourceSpans(reader, end, found));
  }
  const { spans, attributeHashes, rejected, reason } = found;
  return { bytes, spans, attributeHashes, rejected, reason };
}

/** The same of a request that came as OTLP JSON. */
export function scanTranscoded({ bytes, rejected, reason }: ProtobufRequest): IncomingRequest {
  return { ...scanRequest(bytes), rejected, reason };
}

interface Found {
  spans: IncomingSpan[];
  attributeHashes: number[];
  rejected: number;
  reason: string | null;
}

const SPANS_FIELD = 2; // `scope_spans` of ResourceSpans, and `spans` of ScopeSpans

function inside<T>(reader: WireReader, scan: (end: number) => T): T {
  reader.expect(LEN);
  const { start, end } = reader;
  reader.pos = start;
  const result = scan(end);
  reader.pos = end;
  return result;
}

function scanResourceSpans(reader: WireReader, end: number, found: Found): void {
  const { heading, children } = split(reader, end);
  const resource = scanResource(heading);
  for (const child of children) {
    reader.pos = child.start;
    scanScopeSpans(reader, child.end, heading, resource, found);
  }
}

function scanScopeSpans(
  reader: WireReader,
  end: number,
  resource: Uint8Array,
  { service, hashes }: { service: string; hashes: readonly number[] },
  found: Found,
): void {
  const { heading, children } = split(reader, end);
  const attributeHashes = [...hashes];
  const scope = new WireReader(heading);
  while (scope.next(heading.length)) {
    if (scope.field !== 1) continue;
    inside(scope, (scopeEnd) => scanAttributes(scope, scopeEnd, 3, attributeHashes));
  }
  const origin: Origin = { service, resource, scope: heading, attributeHashes };
  for (const child of children) {
    reader.pos = child.start;
    scanSpan(reader, child.end, origin, found);
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The fields of a message other than number 2, which may stand anywhere, and where those lie. */
function split(reader: WireReader, end: number): { heading: Uint8Array; children: Range[] } {
  const children: Range[] = [];
  const parts: Uint8Array[] = [];
  let partStart = reader.pos;
  for (let before = reader.pos; reader.next(end); before = reader.pos) {
    if (reader.field !== SPANS_FIELD) continue;
    reader.expect(LEN);
    children.push({ start: reader.start, end: reader.end });
    if (before > partStart) parts.push(reader.bytes.subarray(partStart, before));
    partStart = reader.pos;
  }
  if (end > partStart) parts.push(reader.bytes.subarray(partStart, end));
  const [first = new Uint8Array(0)] = parts;
  return { heading: parts.length > 1 ? Buffer.concat(parts) : first, children };
}

/** Service of spans whose resource does not name one, as OpenTelemetry's SDKs call it. */
const UNKNOWN_SERVICE = 'unknown_service';

/** Checks a ResourceSpans message without its children; finds `service.name` and the hashes. */
function scanResource(heading: Uint8Array): { service: string; hashes: number[] } {
  const reader = new WireReader(heading);
  const hashes: number[] = [];
  let service = '';
  while (reader.next(heading.length)) {
    if (reader.field !== 1) continue;
    inside(reader, (end) => {
      while (reader.next(end)) {
        if (reader.field !== 1) continue;
        inside(reader, (attributeEnd) => {
          const { pos } = reader;
          service = serviceNameOf(reader, attributeEnd) ?? service;
          reader.pos = pos;
          hashes.push(hashKeyValue(reader, attributeEnd));
        });
      }
    });
  }
  return { service: service || UNKNOWN_SERVICE, hashes };
}

function serviceNameOf(reader: WireReader, end: number): string | null {
  let key = '';
  let value: string | null = null;
  while (reader.next(end)) {
    if (reader.field === 1) key = reader.text();
    else if (reader.field === 2) {
      inside(reader, (valueEnd) => {
        while (reader.next(valueEnd)) if (reader.field === 1) value = reader.text();
      });
    }
  }
  return key === 'service.name' ? value : null;
}

function scanSpan(reader: WireReader, end: number, origin: Origin, found: Found): void {
  const { bytes, pos: start } = reader;
  const hashes = found.attributeHashes;
  const hashStart = hashes.length;
  let traceStart = 0;
  let traceLength = -1;
  let spanStart = 0;
  let spanLength = -1;
  let why: string | null = null;
  let name = '';
  let kind = 0;
  let isError = false;
  let startLow = 0;
  let startHigh = 0;
  let endLow = 0;
  let endHigh = 0;
  while (reader.next(end)) {
    switch (reader.field) {
      case 1:
        reader.expect(LEN);
        traceStart = reader.start;
        traceLength = reader.end - reader.start;
        break;
      case 2:
        reader.expect(LEN);
        spanStart = reader.start;
        spanLength = reader.end - reader.start;
        break;
      case 3:
        reader.expect(LEN);
        break;
      case 4:
        reader.expect(LEN);
        if (reader.end - reader.start !== 8 && reader.end !== reader.start) {
          why ??= fault('parentSpanId', 16, hexOf(bytes, reader.start, reader.end));
        }
        break;
      case 5:
        name = reader.text();
        break;
      case 6:
        reader.expect(VARINT);
        kind = reader.low;
        break;
      case 7:
        reader.expect(FIXED64);
        startLow = reader.low;
        startHigh = reader.high;
        break;
      case 8:
        reader.expect(FIXED64);
        endLow = reader.low;
        endHigh = reader.high;
        break;
      case 9: {
        reader.expect(LEN);
        const after = reader.end;
        reader.pos = reader.start;
        hashes.push(hashKeyValue(reader, after));
        reader.pos = after;
        break;
      }
      case 11:
        inside(reader, (eventEnd) => scanAttributes(reader, eventEnd, 3, hashes));
        break;
      case 13:
        why = inside(reader, (linkEnd) => scanLink(reader, linkEnd, hashes)) ?? why;
        break;
      case 15:
        inside(reader, (statusEnd) => {
          while (reader.next(statusEnd)) {
            if (reader.field === 3) isError = reader.low === 2;
          }
        });
        break;
    }
  }
  if (traceLength !== 16 || isZero(bytes, traceStart, 16)) {
    why = fault('traceId', 32, hexOf(bytes, traceStart, traceStart + traceLength));
  } else if (spanLength !== 8 || isZero(bytes, spanStart, 8)) {
    why = fault('spanId', 16, hexOf(bytes, spanStart, spanStart + spanLength));
  }
  if (why !== null) {
    hashes.length = hashStart;
    found.rejected++;
    found.reason ??= why;
    return;
  }
  found.spans.push({
    origin,
    start,
    end,
    traceKey: traceKeyOf(bytes, traceStart),
    name,
    kind,
    isError,
    startLow,
    startHigh,
    durationNano: (endHigh - startHigh) * 2 ** 32 + (endLow - startLow),
    hashStart,
    hashEnd: hashes.length,
  });
}

function scanAttributes(reader: WireReader, end: number, field: number, hashes: number[]): void {
  while (reader.next(end)) {
    if (reader.field === field) {
      hashes.push(inside(reader, (attributeEnd) => hashKeyValue(reader, attributeEnd)));
    }
  }
}

/** Why the link is not valid, or null. A link need not have ids. */
function scanLink(reader: WireReader, end: number, hashes: number[]): string | null {
  let why: string | null = null;
  while (reader.next(end)) {
    const length = reader.end - reader.start;
    if (reader.field === 1 && length !== 16 && length !== 0) {
      why = fault('links.traceId', 32, hexOf(reader.bytes, reader.start, reader.end));
    } else if (reader.field === 2 && length !== 8 && length !== 0) {
      why = fault('links.spanId', 16, hexOf(reader.bytes, reader.start, reader.end));
    } else if (reader.field === 4) {
      hashes.push(inside(reader, (attributeEnd) => hashKeyValue(reader, attributeEnd)));
    }
  }
  return why;
}

function isZero(bytes: Uint8Array, start: number, length: number): boolean {
  for (let i = start; i < start + length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** The 16 bytes at `start`, a character each. */
function traceKeyOf(bytes: Uint8Array, start: number): string {
  return asBuffer(bytes).toString('latin1', start, start + 16);
}

/** {@link IncomingSpan.traceKey} of a `Span` message that has been stored. */
export function traceKeyOfSpan(span: Buffer): string {
  const reader = new WireReader(span);
  while (reader.next(span.length)) if (reader.field === 1) return traceKeyOf(span, reader.start);
  throw new Error('A stored span has no trace id');
}

function hexOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  return end < start ? undefined : asBuffer(bytes).toString('hex', start, end);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
