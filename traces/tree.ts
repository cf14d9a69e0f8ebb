import type { Span } from './span.ts';

export interface SpanNode {
  readonly span: Span;
  /** In order of start; of equal starts, the one that ends later first; then by id. */
  readonly children: readonly SpanNode[];
  /** The root of a trace, or a span whose parent is not there, or that closes a cycle. */
  readonly place: 'root' | 'orphan' | 'cycle' | 'child';
}

export interface SpanTree {
  /** Every span is below exactly one of these; in order of start. */
  readonly roots: readonly SpanNode[];
  /** Spans whose id another span of the trace has had before: a repeated export, mostly. */
  readonly duplicates: readonly Span[];
}

/**
 * The spans of one trace as a tree, whatever is missing or wrong: a span whose parent is not there
 * becomes a root, and of a cycle of parents the span that starts first does.
 */
export function spanTree(spans: readonly Span[]): SpanTree {
  const nodes = new Map<string, { span: Span; children: SpanNode[]; place: SpanNode['place'] }>();
  const duplicates: Span[] = [];
  for (const span of spans) {
    if (nodes.has(span.spanId)) duplicates.push(span);
    else nodes.set(span.spanId, { span, children: [], place: 'child' });
  }
  for (const first of cycleStarts(spans, (id) => nodes.get(id)?.span)) {
    const node = nodes.get(first.spanId);
    if (node) node.place = 'cycle';
  }
  const roots: SpanNode[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.span.parentSpanId);
    if (node.span.parentSpanId === '') node.place = 'root';
    else if (!parent) node.place = 'orphan';
    if (node.place === 'child') parent?.children.push(node);
    else roots.push(node);
  }
  for (const node of nodes.values()) node.children.sort(byStart);
  return { roots: roots.sort(byStart), duplicates };
}

/** Of each cycle of parents, the span that starts first. */
function cycleStarts(
  spans: readonly Span[],
  find: (spanId: string) => Span | undefined,
): readonly Span[] {
  const starts: Span[] = [];
  // Invariant: from a span that is done no way leads into a cycle that is not in `starts`.
  const done = new Set<string>();
  for (const { spanId } of spans) {
    const path = new Map<string, Span>();
    let span = find(spanId);
    while (span && !done.has(span.spanId) && !path.has(span.spanId)) {
      path.set(span.spanId, span);
      span = find(span.parentSpanId);
    }
    if (span && path.has(span.spanId)) {
      const ids = [...path.keys()];
      const cycle = ids.slice(ids.indexOf(span.spanId)).map((id) => path.get(id) as Span);
      starts.push(cycle.reduce((a, b) => (b.startUnixNano < a.startUnixNano ? b : a)));
    }
    for (const id of path.keys()) done.add(id);
  }
  return starts;
}

function byStart({ span: a }: SpanNode, { span: b }: SpanNode): number {
  return (
    compare(a.startUnixNano, b.startUnixNano) ||
    compare(b.endUnixNano, a.endUnixNano) ||
    compare(a.spanId, b.spanId)
  );
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
