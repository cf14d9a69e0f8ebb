import type { Span } from './span.ts';

/**
 * The spans with, of those that share an id, the one first that says most: it ends last, or else
 * has more events, attributes or links. So the same one is kept whatever the order they came in.
 */
export function fullestFirst(spans: readonly Span[]): readonly Span[] {
  const best = new Map<string, Span>();
  for (const span of spans) {
    const other = best.get(span.spanId);
    if (other === undefined || saysMore(span, other)) best.set(span.spanId, span);
  }
  const kept = new Set(best.values());
  return [...kept, ...spans.filter((span) => !kept.has(span))];
}

function saysMore(a: Span, b: Span): boolean {
  if (a.endUnixNano !== b.endUnixNano) return a.endUnixNano > b.endUnixNano;
  const difference = weight(a) - weight(b);
  return difference === 0 ? text(a) > text(b) : difference > 0;
}

function weight({ events, attributes, links }: Span): number {
  return events.length + Object.keys(attributes).length + links.length;
}

function text(span: Span): string {
  return JSON.stringify(span, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
