import {
  protobufToOtlpResourceSpans,
  protobufToOtlpScopeSpans,
  protobufToOtlpSpan,
} from '../traces/otlp/fromProtobuf.ts';
import type { OtlpKeyValue } from '../traces/otlp/request.ts';
import { attributeHash } from './attributeHash.ts';
import type { Origin } from './incoming.ts';
import { traceKeyOfSpan } from './scan.ts';
import { anyHash, hasHash, type Segment, spanOf } from './segment.ts';
import type { SpanStore } from './store.ts';
import { valueText } from './valueText.ts';

/** A trace is found if one of its spans fits all that is given. */
export interface TraceQuery {
  readonly service: string | null;
  readonly operation: string | null;
  /** Bounds of the span's start, both within. */
  readonly startMinUnixNano: bigint;
  readonly startMaxUnixNano: bigint;
  readonly durationMinNano: number | null;
  readonly durationMaxNano: number | null;
  /**
   * On the span, its events, its links, its scope or its resource. As in Jaeger, `resource.x` is
   * the resource's `x`, and `error`, `span.kind`, `span.status`, `scope.name`, `scope.version` are
   * the span's own properties.
   */
  readonly attributes: Readonly<Record<string, string>>;
  /** Traces at most. */
  readonly limit: number;
}

/** Keys of the traces that fit, those whose spans arrived last first. */
export function searchTraces(store: SpanStore, query: TraceQuery): string[] {
  const found = new Map<number, string>();
  const filter = splitAttributes(query.attributes);
  for (const segment of store.newestFirst()) {
    searchSegment(store, segment, query, filter, found);
    if (found.size >= query.limit) break;
  }
  return [...found.values()];
}

interface Attribute {
  readonly key: string;
  readonly value: string;
  readonly hash: number;
}

interface Filter {
  readonly kind: number | null;
  readonly isError: boolean | null;
  readonly statusCode: number | null;
  readonly origin: readonly { readonly key: string; readonly value: string }[];
  readonly attributes: readonly Attribute[];
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const CODES = ['UNSET', 'OK', 'ERROR'];

function splitAttributes(attributes: Readonly<Record<string, string>>): Filter {
  const filter = {
    kind: null as number | null,
    isError: null as boolean | null,
    statusCode: null as number | null,
    origin: [] as { key: string; value: string }[],
    attributes: [] as Attribute[],
  };
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'error') filter.isError = /^(1|t|true)$/i.test(value);
    else if (key === 'span.kind') filter.kind = Math.max(0, KINDS.indexOf(value.toUpperCase()));
    else if (key === 'span.status') {
      filter.statusCode = Math.max(0, CODES.indexOf(value.toUpperCase()));
    } else if (key === 'scope.name' || key === 'scope.version' || key.startsWith('resource.')) {
      filter.origin.push({ key, value });
    } else filter.attributes.push({ key, value, hash: attributeHash(key, value) });
  }
  return filter;
}

function searchSegment(
  store: SpanStore,
  segment: Segment,
  query: TraceQuery,
  filter: Filter,
  found: Map<number, string>,
): void {
  const nameId = query.operation === null ? -1 : segment.names.indexOf(query.operation);
  if (query.operation !== null && nameId < 0) return;
  const origins = segment.origins.map(
    (origin) =>
      (query.service === null || origin.service === query.service) &&
      filter.origin.every(({ key, value }) => originHas(origin, key, value)),
  );
  if (!origins.includes(true)) return;
  for (const { hash } of filter.attributes) {
    if (anyHash(segment, hash)) continue;
    if (!segment.origins.some((origin) => origin.attributeHashes.includes(hash))) return;
  }
  const minHigh = Number(query.startMinUnixNano >> 32n);
  const minLow = Number(query.startMinUnixNano & 0xffffffffn);
  const maxHigh = Number(query.startMaxUnixNano >> 32n);
  const maxLow = Number(query.startMaxUnixNano & 0xffffffffn);
  const durationMin = query.durationMinNano ?? Number.NEGATIVE_INFINITY;
  const durationMax = query.durationMaxNano ?? Number.POSITIVE_INFINITY;
  const { startHigh, startLow, durationNano, origin, name, kind, isError } = segment;

  for (let row = segment.rows - 1; row >= 0; row--) {
    if (nameId >= 0 && name[row] !== nameId) continue;
    const high = startHigh[row] as number;
    const low = startLow[row] as number;
    if (high < minHigh || (high === minHigh && low < minLow)) continue;
    if (high > maxHigh || (high === maxHigh && low > maxLow)) continue;
    const duration = durationNano[row] as number;
    if (duration < durationMin || duration > durationMax) continue;
    if (!origins[origin[row] as number]) continue;
    if (filter.kind !== null && kind[row] !== filter.kind) continue;
    if (filter.isError !== null && (isError[row] === 1) !== filter.isError) continue;
    const first = segment.firstNumber + row - (segment.toFirst[row] as number);
    if (found.has(first) || !store.isHeld(segment, row)) continue;
    if (!rowHas(segment, row, filter)) continue;
    found.set(first, traceKeyOfSpan(spanOf(segment, row)));
    if (found.size >= query.limit) return;
  }
}

function rowHas(segment: Segment, row: number, filter: Filter): boolean {
  const { attributes, statusCode } = filter;
  if (attributes.length === 0 && statusCode === null) return true;
  const origin = segment.origins[segment.origin[row] as number] as Origin;
  for (const { hash } of attributes) {
    if (!hasHash(segment, row, hash) && !origin.attributeHashes.includes(hash)) return false;
  }
  // Equal hashes nearly always mean equal attributes; nearly is not enough.
  const span = protobufToOtlpSpan(spanOf(segment, row));
  if (statusCode !== null && Number(span.status?.code ?? 0) !== statusCode) return false;
  return attributes.every(
    ({ key, value }) =>
      has(span.attributes, key, value) ||
      span.events?.some((event) => has(event.attributes, key, value)) ||
      span.links?.some((link) => has(link.attributes, key, value)) ||
      originHas(origin, key, value),
  );
}

function originHas(origin: Origin, key: string, value: string): boolean {
  if (key === 'scope.name' || key === 'scope.version') {
    const { scope } = protobufToOtlpScopeSpans(origin.scope);
    return (key === 'scope.name' ? scope?.name : scope?.version) === value;
  }
  const inResource = key.startsWith('resource.');
  const bare = inResource ? key.slice('resource.'.length) : key;
  if (!origin.attributeHashes.includes(attributeHash(bare, value))) return false;
  const { resource } = protobufToOtlpResourceSpans(origin.resource);
  if (has(resource?.attributes, bare, value)) return true;
  if (inResource) return false;
  return has(protobufToOtlpScopeSpans(origin.scope).scope?.attributes, bare, value);
}

function has(
  attributes: readonly OtlpKeyValue[] | null | undefined,
  key: string,
  value: string,
): boolean {
  return attributes?.some((each) => each.key === key && valueText(each.value) === value) ?? false;
}
