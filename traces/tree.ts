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
  /** Of every span that is no duplicate, by its id. */
  readonly byId: ReadonlyMap<string, SpanNode>;
}

/**
 * The spans of one trace as a tree, whatever is missing or wrong: a span whose parent is not there
 * becomes a root, and of a cycle of parents the span that starts first does.
 */
export function spanTree(spans: readonly Span[]): SpanTree {
  const nodes = new Map<string, Node>();
  for (const span of spans) nodes.set(span.spanId, { span, children: none, place: 'child' });
  // Not asked of each span: to look for an id takes as long as to add it.
  if (nodes.size < spans.length) return treeOfFirst(spans);
  const roots: Node[] = [];
  for (const node of nodes.values()) {
    const { parentSpanId } = node.span;
    const parent = nodes.get(parentSpanId);
    if (parent !== undefined) {
      // Most have one child or none: a list that is pushed to keeps room for 16 more.
      if (parent.children === none) parent.children = [node];
      else parent.children.push(node);
    } else {
      node.place = parentSpanId === '' ? 'root' : 'orphan';
      roots.push(node);
    }
  }
  if (countBelow(roots) < nodes.size) {
    for (const first of cycleStarts(spans, (id) => nodes.get(id)?.span)) {
      const node = nodes.get(first.spanId) as Node;
      const siblings = nodes.get(first.parentSpanId)?.children as Node[];
      siblings.splice(siblings.indexOf(node), 1);
      node.place = 'cycle';
      roots.push(node);
    }
  }
  for (const { children } of nodes.values()) if (children.length > 1) children.sort(byStart);
  return { roots: roots.sort(byStart), duplicates: [], byId: nodes };
}

/** Of the spans that share an id, the first is in the tree. */
function treeOfFirst(spans: readonly Span[]): SpanTree {
  const first = new Map<string, Span>();
  const duplicates: Span[] = [];
  for (const span of spans) {
    if (first.has(span.spanId)) duplicates.push(span);
    else first.set(span.spanId, span);
  }
  return { ...spanTree([...first.values()]), duplicates };
}

interface Node extends SpanNode {
  children: Node[];
  place: SpanNode['place'];
}

/** Of all spans without any. */
const none: Node[] = [];

/** Spans that a walk down from `roots` reaches: all but those of cycles, and below. */
function countBelow(roots: readonly Node[]): number {
  const reached = [...roots];
  for (let i = 0; i < reached.length; i++) {
    for (const child of (reached[i] as Node).children) reached.push(child);
  }
  return reached.length;
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
      starts.push(cycle.reduce((a, b) => (compareSpans(b, a) < 0 ? b : a)));
    }
    for (const id of path.keys()) done.add(id);
  }
  return starts;
}

function byStart(a: SpanNode, b: SpanNode): number {
  return compareSpans(a.span, b.span);
}

function compareSpans(a: Span, b: Span): number {
  return (
    compare(a.startUnixNano, b.startUnixNano) ||
    compare(b.endUnixNano, a.endUnixNano) ||
    compare(a.spanId, b.spanId)
  );
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
