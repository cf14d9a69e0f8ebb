import { fault } from '../traces/otlp/ids.ts';
import type { ProtobufRequest } from '../traces/otlp/toProtobuf.ts';
import { FIXED64, LEN, VARINT, WireReader } from '../traces/otlp/wire.ts';
import { hashKeyValue } from './attributeHash.ts';
import { type IncomingRequest, type Origin, SpanColumns, type SpanGroup } from './incoming.ts';
import { KnownTexts } from './knownTexts.ts';

/**
 * Checks an `ExportTraceServiceRequest` whole and notes what the store's index needs, without
 * making objects of attributes. Spans of invalid ids are counted and left out.
 * @param spans where to note it; what they held before is gone.
 * @throws {MalformedOtlpError} if `bytes` are not such a request.
 */
export function scanRequest(bytes: Buffer, spans = new SpanColumns()): IncomingRequest {
  READER.open(bytes);
  const found: Found = {
    bytes: READER.bytes,
    spans,
    hashCount: 0,
    lastTraceStart: 0,
    groups: [],
    rejected: 0,
    reason: null,
  };
  spans.length = 0;
  try {
    while (READER.next(bytes.length)) {
      if (READER.field === 1) scanResourceSpans(READER, enter(READER), found);
    }
    return found;
  } finally {
    READER.open(NOTHING);
  }
}

const NOTHING = Buffer.alloc(0);
/**
 * One for all requests: whenever a full collection finds no reader at all, V8 forgets the class and
 * throws away the code that it has optimized for it, which costs more than the collection.
 */
const READER = new WireReader(NOTHING);

/** The same of a request that came as OTLP JSON. */
export function scanTranscoded(
  { bytes, rejected, reason }: ProtobufRequest,
  spans?: SpanColumns,
): IncomingRequest {
  return { ...scanRequest(bytes, spans), rejected, reason };
}

interface Found extends IncomingRequest {
  /** Where the trace id of the last span lies. */
  lastTraceStart: number;
  /** How many of `spans.hashes` there are. */
  hashCount: number;
  readonly groups: SpanGroup[];
  rejected: number;
  reason: string | null;
}

const SPANS_FIELD = 2; // `scope_spans` of ResourceSpans, and `spans` of ScopeSpans

/** Goes into the LEN field that has been read; gives its end, where the next field begins. */
function enter(reader: WireReader): number {
  reader.expect(LEN);
  reader.pos = reader.start;
  return reader.end;
}

function scanResourceSpans(reader: WireReader, end: number, found: Found): void {
  const { heading, children } = split(reader, end);
  const resource = scanHeading(heading);
  for (const child of children) {
    reader.pos = child.start;
    scanScopeSpans(reader, child.end, heading, resource, found);
  }
}

function scanScopeSpans(
  reader: WireReader,
  end: number,
  resource: Buffer,
  { service, hashes }: Resource,
  found: Found,
): void {
  const { heading, children } = split(reader, end);
  const attributeHashes = [...hashes];
  const scope = new WireReader(heading);
  while (scope.next(heading.length)) {
    if (scope.field === 1) scanScope(scope, enter(scope), attributeHashes);
  }
  const origin: Origin = { service, resource, scope: heading, attributeHashes };
  const from = found.spans.length;
  for (const child of children) {
    reader.pos = child.start;
    scanSpan(reader, child.end, found);
  }
  const to = found.spans.length;
  if (to > from) found.groups.push({ origin, from, to });
}

function scanScope(reader: WireReader, end: number, hashes: number[]): void {
  while (reader.next(end)) {
    if (reader.field === 3) hashes.push(hashKeyValue(reader, enter(reader)));
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The fields of a message other than number 2, which may stand anywhere, and where those lie. */
function split(reader: WireReader, end: number): { heading: Buffer; children: Range[] } {
  const children: Range[] = [];
  const parts: Buffer[] = [];
  let partStart = reader.pos;
  for (let before = reader.pos; reader.next(end); before = reader.pos) {
    if (reader.field !== SPANS_FIELD) continue;
    reader.expect(LEN);
    children.push({ start: reader.start, end: reader.end });
    if (before > partStart) parts.push(reader.bytes.subarray(partStart, before));
    partStart = reader.pos;
  }
  if (end > partStart) parts.push(reader.bytes.subarray(partStart, end));
  const [first = Buffer.alloc(0)] = parts;
  return { heading: parts.length > 1 ? Buffer.concat(parts) : first, children };
}

/** Service of spans whose resource does not name one, as OpenTelemetry's SDKs call it. */
const UNKNOWN_SERVICE = 'unknown_service';

const NAMES = new KnownTexts();

interface Resource {
  service: string;
  readonly hashes: number[];
}

/** Checks a ResourceSpans message without its children; finds `service.name` and the hashes. */
function scanHeading(heading: Buffer): Resource {
  const resource: Resource = { service: '', hashes: [] };
  const reader = new WireReader(heading);
  while (reader.next(heading.length)) {
    if (reader.field === 1) scanResource(reader, enter(reader), resource);
  }
  resource.service ||= UNKNOWN_SERVICE;
  return resource;
}

function scanResource(reader: WireReader, end: number, resource: Resource): void {
  while (reader.next(end)) {
    if (reader.field !== 1) continue;
    const attributeEnd = enter(reader);
    const { pos } = reader;
    resource.service = serviceNameOf(reader, attributeEnd) ?? resource.service;
    reader.pos = pos;
    resource.hashes.push(hashKeyValue(reader, attributeEnd));
  }
}

function serviceNameOf(reader: WireReader, end: number): string | null {
  let key = '';
  let value: string | null = null;
  while (reader.next(end)) {
    if (reader.field === 1) key = reader.text();
    else if (reader.field === 2) {
      value = lastText(reader, enter(reader)) ?? value;
    }
  }
  return key === 'service.name' ? value : null;
}

function lastText(reader: WireReader, end: number): string | null {
  let text: string | null = null;
  while (reader.next(end)) if (reader.field === 1) text = reader.text();
  return text;
}

function scanSpan(reader: WireReader, end: number, found: Found): void {
  const { bytes, pos: start } = reader;
  const { spans } = found;
  const hashStart = found.hashCount;
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
        reader.expect(LEN);
        name = NAMES.read(bytes, reader.start, reader.end);
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
      case 9:
        noteAttribute(reader, found);
        break;
      case 11:
        scanEvent(reader, enter(reader), found);
        break;
      case 13:
        why = scanLink(reader, enter(reader), found) ?? why;
        break;
      case 15:
        isError = scanStatus(reader, enter(reader)) ?? isError;
        break;
    }
  }
  if (traceLength !== 16 || isZero(bytes, traceStart, 16)) {
    why = fault('traceId', 32, hexOf(bytes, traceStart, traceStart + traceLength));
  } else if (spanLength !== 8 || isZero(bytes, spanStart, 8)) {
    why = fault('spanId', 16, hexOf(bytes, spanStart, spanStart + spanLength));
  }
  if (why !== null) {
    found.hashCount = hashStart;
    found.rejected++;
    found.reason ??= why;
    return;
  }
  const i = spans.length++;
  spans.start[i] = start;
  spans.end[i] = end;
  // The spans of a trace often stand together.
  spans.traceKey[i] =
    i > 0 && isSame(bytes, traceStart, found.lastTraceStart, 16)
      ? (spans.traceKey[i - 1] as string)
      : traceKeyOf(bytes, traceStart);
  found.lastTraceStart = traceStart;
  spans.name[i] = name;
  spans.kind[i] = kind;
  spans.isError[i] = isError;
  spans.startLow[i] = startLow;
  spans.startHigh[i] = startHigh;
  spans.durationNano[i] = (endHigh - startHigh) * 2 ** 32 + (endLow - startLow);
  spans.hashStart[i] = hashStart;
  spans.hashEnd[i] = found.hashCount;
}

function noteAttribute(reader: WireReader, found: Found): void {
  found.spans.hashes[found.hashCount++] = hashKeyValue(reader, enter(reader));
}

/** Whether the status is an error, or null if it does not say. */
function scanStatus(reader: WireReader, end: number): boolean | null {
  let isError: boolean | null = null;
  while (reader.next(end)) if (reader.field === 3) isError = reader.low === 2;
  return isError;
}

function scanEvent(reader: WireReader, end: number, found: Found): void {
  while (reader.next(end)) if (reader.field === 3) noteAttribute(reader, found);
}

/** Why the link is not valid, or null. A link need not have ids. */
function scanLink(reader: WireReader, end: number, found: Found): string | null {
  let why: string | null = null;
  while (reader.next(end)) {
    const length = reader.end - reader.start;
    if (reader.field === 1 && length !== 16 && length !== 0) {
      why = fault('links.traceId', 32, hexOf(reader.bytes, reader.start, reader.end));
    } else if (reader.field === 2 && length !== 8 && length !== 0) {
      why = fault('links.spanId', 16, hexOf(reader.bytes, reader.start, reader.end));
    } else if (reader.field === 4) {
      noteAttribute(reader, found);
    }
  }
  return why;
}

function isZero(bytes: Buffer, start: number, length: number): boolean {
  for (let i = start; i < start + length; i++) if (bytes[i] !== 0) return false;
  return true;
}

function isSame(bytes: Buffer, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}

/** The 16 bytes at `start`, a character each. */
function traceKeyOf(bytes: Buffer, start: number): string {
  return bytes.toString('latin1', start, start + 16);
}

/** {@link SpanColumns.traceKey} of a `Span` message that has been stored. */
export function traceKeyOfSpan(span: Buffer): string {
  const reader = new WireReader(span);
  while (reader.next(span.length)) if (reader.field === 1) return traceKeyOf(span, reader.start);
  throw new Error('A stored span has no trace id');
}

function hexOf(bytes: Buffer, start: number, end: number): string | undefined {
  return end < start ? undefined : bytes.toString('hex', start, end);
}
