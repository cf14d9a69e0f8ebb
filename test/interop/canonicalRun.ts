import { PausedAttribute } from '../../pauses/attribution/attributes.ts';
import { Attribute } from '../../services/kit/attributes.ts';
import { readTraceFile } from '../../traces/source/traceFile.ts';
import type { Attributes, AttributeValue, Span } from '../../traces/span.ts';
import { type SpanNode, spanTree } from '../../traces/tree.ts';

/** A span with all that a seed decides, and placeholders for what it does not. */
export interface CanonicalSpan {
  readonly name: string;
  readonly kind: string;
  readonly place: string;
  readonly status: Span['status'];
  readonly flags: number;
  readonly traceState: string;
  readonly scope: Span['scope'];
  readonly resource: Attributes;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  readonly links: readonly Attributes[];
  /** In an order that does not depend on time. */
  readonly children: readonly CanonicalSpan[];
}

export interface CanonicalRun {
  /** A trace for each request of the measured phases, in the order of their intended times. */
  readonly requests: readonly (readonly CanonicalSpan[])[];
  /** In an order that does not depend on time. */
  readonly pauses: readonly CanonicalSpan[];
  /** Spans whose id another of their trace has as well. */
  readonly duplicates: number;
}

/** The traces of a `traces.ndjson`, but for those of the warm-up, which is as long as it takes. */
export async function canonicalRun(file: string): Promise<CanonicalRun> {
  const traces = new Map<string, Span[]>();
  const fail = ({ line, message }: { line: number; message: string }) => {
    throw new Error(`${file}:${line}: ${message}`);
  };
  for await (const spans of readTraceFile(file, fail)) {
    for (const span of spans) {
      traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span]);
    }
  }
  const requests: { startUnixNano: bigint; spans: CanonicalSpan[] }[] = [];
  const pauses: CanonicalSpan[] = [];
  let duplicates = 0;
  for (const spans of traces.values()) {
    const tree = spanTree(spans);
    duplicates += tree.duplicates.length;
    const nodes = tree.roots.map(canonical);
    const root = tree.roots[0]?.span;
    if (root?.kind === 'internal') pauses.push(...nodes);
    else if (root?.attributes['aftershock.load.phase'] !== 'warmup') {
      requests.push({ startUnixNano: root?.startUnixNano ?? 0n, spans: nodes });
    }
  }
  requests.sort((a, b) => Number(a.startUnixNano - b.startUnixNano));
  return { requests: requests.map(({ spans }) => spans), pauses: sorted(pauses), duplicates };
}

function canonical({ span, place, children }: SpanNode): CanonicalSpan {
  return {
    name: span.name,
    kind: span.kind,
    place,
    status: span.status,
    flags: span.flags,
    traceState: span.traceState.replace(/;t:\d+/, ';t:<µs>'),
    scope: span.scope,
    resource: normal(span.resource.attributes),
    attributes: normal(span.attributes),
    events: span.events.map(({ name, attributes }) => ({ name, attributes: normal(attributes) })),
    links: span.links.map(({ attributes }) => normal(attributes)),
    children: sorted(children.map(canonical)),
  };
}

function sorted(spans: readonly CanonicalSpan[]): CanonicalSpan[] {
  const keyed = spans.map((span) => ({ span, key: JSON.stringify(span, bigintsAsText) }));
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ span }) => span);
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

/** Of a new connection, and of an answer that was read late: whether there was one is chance. */
const ofChance: ReadonlySet<string> = new Set([
  Attribute.clientConnectMs,
  PausedAttribute.clientBusyMs,
  PausedAttribute.clientCoreMs,
  PausedAttribute.clientTransitMs,
]);

/** In the order of their keys; measured times, ports and ids of processes without their values. */
function normal(attributes: Attributes): Attributes {
  const entries = Object.entries(attributes)
    .filter(([key]) => !ofChance.has(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, normalValue(key, value)]));
}

function normalValue(key: string, value: AttributeValue): AttributeValue {
  if (typeof value === 'number' && /(late|wait|measured)_ms$/.test(key)) return '<ms>';
  if (typeof value === 'number' && /\.port$/.test(key)) return '<port>';
  if (key === 'service.instance.id') return '<id>';
  return typeof value === 'string' ? value.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:<port>') : value;
}
