import type { Span } from '../../traces/span.ts';

/** One service on the canary's way. */
export interface Hop {
  readonly service: string;
  /** 1 for the entry. */
  readonly depth: number;
  /** The caller's span for the call; null where the caller's spans are not there either. */
  readonly call: Span | null;
  /** The service's own span for the request; null where there is none. */
  readonly server: Span | null;
  /** Why the call brought no answer, in the caller's words; null where one came. */
  readonly failure: string | null;
}

/** Name of an entry that left no span to tell its own. */
const entryName = 'gateway';

/**
 * The services on the way of the request whose client span is `root`, callers before callees, each
 * once: those with spans in the trace, and those whose callers say that they called them. There is
 * always an entry. `root` need not be among `spans`.
 */
export function hopsOf(spans: readonly Span[], root: Span): Hop[] {
  const byParent = Map.groupBy(spans, ({ parentSpanId }) => parentSpanId);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const hops: Hop[] = [];
  const seen = new Set<string>();

  function walk(spanId: string, depth: number, call: Span | null): void {
    if (seen.has(spanId)) return; // a cycle of parents, which a faulty sender can make
    seen.add(spanId);
    const children = byParent.get(spanId) ?? [];
    const servers = children.filter(({ kind }) => kind === 'server');
    for (const server of servers) {
      hops.push({ service: serviceOf(server), depth, call, server, failure: null });
      walk(server.spanId, depth, null);
    }
    if (servers.length === 0 && call !== null && call !== root) {
      const failure = failureOf(call);
      hops.push({ service: calledService(call), depth, call, server: null, failure });
    }
    for (const child of children) {
      if (child.kind === 'server') continue;
      const isCall = isHttpCall(child);
      walk(child.spanId, isCall ? depth + 1 : depth, isCall ? child : null);
    }
  }

  walk(root.spanId, 1, root);
  if (hops.length === 0) {
    hops.push({ service: entryName, depth: 1, call: root, server: null, failure: null });
  }
  // Behind a service that passed the context on without a span of its own.
  for (const span of spans) {
    if (span.kind !== 'server' || seen.has(span.spanId) || ids.has(span.parentSpanId)) continue;
    walk(span.parentSpanId, depthOf(span), null);
  }
  return eachOnce(hops).toSorted((a, b) => a.depth - b.depth);
}

/** Of several calls of a service, one that left its span. */
function eachOnce(hops: readonly Hop[]): Hop[] {
  const byService = Map.groupBy(hops, ({ service }) => service);
  return [...byService.values()].flatMap(
    (all) => all.find(({ server }) => server !== null) ?? all[0] ?? [],
  );
}

/** By the number of its caller's hop, which the tracestate has. */
function depthOf({ traceState }: Span): number {
  return 1 + Number(/(?:^|,)aftershock=h:(\d{1,4});/.exec(traceState)?.[1] ?? 1);
}

/** Whether no hop lacks spans that it should have: where it does, they may yet come. */
export function isWhole(hops: readonly Hop[]): boolean {
  return hops.every(({ server, failure }) => server !== null || failure !== null);
}

export function serviceOf({ resource }: Span): string {
  return String(resource.attributes['service.name'] ?? 'unknown');
}

function calledService({ attributes }: Span): string {
  return String(attributes['aftershock.call.to'] ?? attributes['server.address'] ?? 'unknown');
}

function isHttpCall({ kind, attributes }: Span): boolean {
  return kind === 'client' && attributes['http.request.method'] !== undefined;
}

/** A call that got a status was answered, so its callee ran. */
function failureOf({ attributes, status }: Span): string | null {
  if (attributes['http.response.status_code'] !== undefined) return null;
  if (status.code !== 'error') return null;
  return status.message || String(attributes['error.type'] ?? 'failed');
}
