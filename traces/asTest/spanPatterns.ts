import { variableIn } from '../diff/hop.ts';
import { hasFailed } from '../failure.ts';
import type { Expected, SpanPattern } from '../pattern.ts';
import { serviceOf } from '../service.ts';
import type { Span } from '../span.ts';
import type { Trace } from '../trace.ts';
import type { SpanNode } from '../tree.ts';
import type { SpanTreePattern } from '../vitest/toHaveSpanTree.ts';

/** What stays the same when the request is sent again. */
export function spanPattern(span: Span): SpanPattern {
  return {
    service: serviceOf(span),
    name: stableName(span.name),
    ...(span.kind !== 'unspecified' && { kind: span.kind }),
  };
}

/** As {@link spanPattern}, and how it ended. */
function endedPattern(span: Span): SpanPattern {
  const { attributes, kind, status } = span;
  const keys = [
    ...(kind === 'server' ? ['http.response.status_code', 'rpc.response.status_code'] : []),
    ...(hasFailed(span) ? ['error.type'] : []),
  ];
  const told = keys.filter((key) => attributes[key] !== undefined);
  return {
    ...spanPattern(span),
    ...(status.code === 'error' && { status: 'error' as const }),
    ...(told.length > 0 && {
      attributes: Object.fromEntries(told.map((key) => [key, attributes[key] ?? null])),
    }),
  };
}

/** A name in which ids and numbers may be others. */
export function stableName(name: string): Expected<string> {
  const parts = name.split(variableIn);
  const ids = name.match(variableIn) ?? [];
  // An expression of anything else than these would be harder to read than it is worth.
  if (ids.length === 0 || !/^[\w /:.{}*?=&-]*$/.test(name)) return name;
  const source = parts.map((part, i) => {
    const id = ids[i];
    const any = id === undefined ? '' : /^\d+$/.test(id) ? '\\d+' : '[\\da-fA-F-]+';
    return `${part.replace(/[/\\^$*+?.()|[\]{}]/g, '\\$&')}${any}`;
  });
  return new RegExp(`^${source.join('')}$`);
}

/** Siblings that are alike, of which the tree has one. */
export interface Alike {
  readonly pattern: SpanPattern;
  readonly spans: number;
}

export interface TreesOfTrace {
  readonly trees: readonly SpanTreePattern[];
  readonly alike: readonly Alike[];
  /** Spans for which there was no room. */
  readonly leftOut: number;
}

interface Growing extends SpanPattern {
  children?: Growing[];
}

const mostRoots = 4;
const mostSpans = 40;

/**
 * The trace as patterns, a tree a root: from the roots down as far as there is room; of siblings
 * that are alike, one.
 */
export function treePatterns({ roots }: Trace): TreesOfTrace {
  const trees: Growing[] = [];
  const alike: Alike[] = [];
  let room = mostSpans;
  let leftOut = 0;
  const waiting: { node: SpanNode; into: Growing[] }[] = [];
  const enqueue = (nodes: readonly SpanNode[], into: Growing[]) => {
    const groups = new Map<string, SpanNode[]>();
    for (const node of nodes) {
      const key = JSON.stringify([
        ...Object.values(endedPattern(node.span)).map((value) =>
          value instanceof RegExp ? String(value) : value,
        ),
        node.children.length,
      ]);
      const group = groups.get(key);
      if (group) group.push(node);
      else groups.set(key, [node]);
    }
    for (const [node, ...others] of groups.values()) {
      if (node === undefined) continue;
      if (others.length > 0) {
        alike.push({ pattern: spanPattern(node.span), spans: others.length + 1 });
      }
      waiting.push({ node, into });
    }
  };
  enqueue(roots.slice(0, mostRoots), trees);
  leftOut += roots.slice(mostRoots).length;
  // Breadth first, so that what is left out is what lies deepest.
  for (const { node, into } of waiting) {
    if (room === 0) {
      leftOut++;
      continue;
    }
    room--;
    const pattern: Growing = endedPattern(node.span);
    into.push(pattern);
    if (node.children.length === 0) continue;
    const children: Growing[] = [];
    pattern.children = children;
    enqueue(node.children, children);
  }
  return { trees: trees.map(withoutEmpty), alike, leftOut };
}

function withoutEmpty({ children = [], ...own }: Growing): SpanTreePattern {
  return children.length === 0 ? own : { ...own, children: children.map(withoutEmpty) };
}
