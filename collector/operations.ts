import type { Segment } from './segment.ts';
import type { SpanStore } from './store.ts';

/** Names of the services that have spans in the store, in order. */
export function listServices(store: SpanStore): string[] {
  const services = new Set<string>();
  for (const { origins } of store.newestFirst()) {
    for (const { service } of origins) services.add(service);
  }
  return [...services].sort();
}

export interface Operation {
  readonly name: string;
  readonly spanKind: string;
}

// As Jaeger has it: a span of no kind counts as internal.
const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];

/** Names and kinds of a service's spans, in order. @param spanKind only these; null: all. */
export function listOperations(
  store: SpanStore,
  service: string,
  spanKind: string | null,
): Operation[] {
  const found = new Map<string, Operation>();
  for (const segment of store.newestFirst()) {
    for (const { nameId, kind } of combinations(segment, service)) {
      const operation = {
        name: segment.names[nameId] as string,
        spanKind: KINDS[kind] ?? 'internal',
      };
      if (spanKind !== null && spanKind !== operation.spanKind) continue;
      found.set(JSON.stringify(operation), operation);
    }
  }
  return [...found.values()].sort(
    (a, b) => compare(a.name, b.name) || compare(a.spanKind, b.spanKind),
  );
}

function combinations(segment: Segment, service: string): { nameId: number; kind: number }[] {
  const isOurs = segment.origins.map((origin) => origin.service === service);
  if (!isOurs.includes(true)) return [];
  const seen = new Uint8Array(segment.names.length * KINDS.length);
  const list: { nameId: number; kind: number }[] = [];
  for (let row = 0; row < segment.rows; row++) {
    if (!isOurs[segment.origin[row] as number]) continue;
    const nameId = segment.name[row] as number;
    const kind = segment.kind[row] as number;
    const cell = nameId * KINDS.length + (kind < KINDS.length ? kind : 0);
    if (seen[cell] === 1) continue;
    seen[cell] = 1;
    list.push({ nameId, kind });
  }
  return list;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
