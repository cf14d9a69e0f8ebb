import { hasFailed } from '../failure.ts';
import type { SpanNode } from '../tree.ts';
import { hopKey, purposeOf } from './hop.ts';

/** A span of one trace with its like in the other; null: it has none. */
export interface Pair {
  readonly a: SpanNode | null;
  readonly b: SpanNode | null;
  readonly depth: number;
}

/** Above so many comparisons alike siblings are taken in order. */
const mostCells = 250_000;

/**
 * Pairs of spans that do the same in both traces, from the roots down, parents before their
 * children. Alike are siblings of one service, name (but for ids in it) and kind; of several,
 * those that call the same for the same, and then, in order, those that ended alike: so that of a
 * call that was made again the attempt that succeeded stands beside the one of the other trace.
 * What has no like comes alone, and nothing of what is below it.
 */
export function align(a: readonly SpanNode[], b: readonly SpanNode[]): Pair[] {
  const found: Pair[] = [];
  const waiting: Pair[] = pairsOf(...withCommonRoot(a, b), 0).reverse();
  for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
    found.push(pair);
    if (pair.a === null || pair.b === null) continue;
    const below = pairsOf(pair.a.children, pair.b.children, pair.depth + 1);
    // Not `push(...)`, here and below: siblings may be more than a call takes arguments.
    for (const each of below.reverse()) waiting.push(each);
  }
  return found;
}

/** Where one trace begins further up than the other, its part that the other has, too. */
function withCommonRoot(
  a: readonly SpanNode[],
  b: readonly SpanNode[],
): [readonly SpanNode[], readonly SpanNode[]] {
  const keys = new Set(a.map(hopKey));
  if (a.length === 0 || b.length === 0 || b.some((node) => keys.has(hopKey(node)))) return [a, b];
  const inA = findBelow(a, new Set(b.map(hopKey)));
  if (inA !== null) return [[inA], b];
  const inB = findBelow(b, keys);
  return inB === null ? [a, b] : [a, [inB]];
}

function findBelow(roots: readonly SpanNode[], keys: ReadonlySet<string>): SpanNode | null {
  const waiting = [...roots];
  for (const node of waiting) {
    if (keys.has(hopKey(node))) return node;
    for (const child of node.children) waiting.push(child);
  }
  return null;
}

function pairsOf(a: readonly SpanNode[], b: readonly SpanNode[], depth: number): Pair[] {
  const [inA, inB] = [groupBy(a, hopKey), groupBy(b, hopKey)];
  const pairs: Pair[] = [];
  for (const key of new Set([...inA.keys(), ...inB.keys()])) {
    for (const pair of alikePairs(inA.get(key) ?? [], inB.get(key) ?? [], depth)) pairs.push(pair);
  }
  return pairs;
}

function alikePairs(a: readonly SpanNode[], b: readonly SpanNode[], depth: number): Pair[] {
  if (a.length === 0) return b.map((node) => ({ a: null, b: node, depth }));
  if (b.length === 0) return a.map((node) => ({ a: node, b: null, depth }));
  if (a.length === 1 && b.length === 1) {
    return [{ a: a[0] as SpanNode, b: b[0] as SpanNode, depth }];
  }
  const [byPurposeA, byPurposeB] = [groupBy(a, purposeOf), groupBy(b, purposeOf)];
  const pairs: Pair[] = [];
  const [leftA, leftB]: [SpanNode[], SpanNode[]] = [[], []];
  for (const purpose of new Set([...byPurposeA.keys(), ...byPurposeB.keys()])) {
    const [nodesA, nodesB] = [byPurposeA.get(purpose) ?? [], byPurposeB.get(purpose) ?? []];
    for (const pair of inOrder(nodesA, nodesB)) {
      if (pair.a !== null && pair.b !== null) pairs.push({ ...pair, depth });
      else if (pair.a !== null) leftA.push(pair.a);
      else if (pair.b !== null) leftB.push(pair.b);
    }
  }
  for (const pair of inOrder(leftA, leftB)) pairs.push({ ...pair, depth });
  return pairs;
}

/** All of the shorter list are paired; of the ways to do so in order, the one with least cost. */
function inOrder(a: readonly SpanNode[], b: readonly SpanNode[]): Omit<Pair, 'depth'>[] {
  if (a.length > b.length) return inOrder(b, a).map(({ a, b }) => ({ a: b, b: a }));
  const spare = b.length - a.length;
  if (spare === 0 || a.length === 0 || a.length * (spare + 1) > mostCells) {
    return b.map((node, i) => ({ a: a[i] ?? null, b: node }));
  }
  // least[i][k]: cost of a[i…] where k of b have been left out before.
  const least: number[][] = Array.from({ length: a.length + 1 }, () => Array(spare + 1).fill(0));
  const costs = a.map((node, i) =>
    Array.from({ length: spare + 1 }, (_, k) => cost(node, b[i + k] as SpanNode)),
  );
  for (let i = a.length - 1; i >= 0; i--) {
    for (let k = spare; k >= 0; k--) {
      const take = (costs[i]?.[k] ?? 0) + (least[i + 1]?.[k] ?? 0);
      const skip = k < spare ? (least[i]?.[k + 1] ?? 0) : Number.POSITIVE_INFINITY;
      (least[i] as number[])[k] = Math.min(take, skip);
    }
  }
  const pairs: Omit<Pair, 'depth'>[] = [];
  for (let [i, k] = [0, 0]; i + k < b.length; ) {
    const node = b[i + k] as SpanNode;
    const take = (costs[i]?.[k] ?? Number.POSITIVE_INFINITY) + (least[i + 1]?.[k] ?? 0);
    if (i < a.length && take <= (least[i]?.[k] ?? 0)) {
      pairs.push({ a: a[i] as SpanNode, b: node });
      i++;
    } else {
      pairs.push({ a: null, b: node });
      k++;
    }
  }
  return pairs;
}

/** Whether they ended alike counts most, then what they called. */
function cost(a: SpanNode, b: SpanNode): number {
  const error = ({ span }: SpanNode) => String(span.attributes['error.type'] ?? '');
  return (
    (hasFailed(a.span) === hasFailed(b.span) ? 0 : 8) +
    (error(a) === error(b) ? 0 : 2) +
    (a.children.length === b.children.length ? 0 : 1)
  );
}

function groupBy(
  nodes: readonly SpanNode[],
  keyOf: (node: SpanNode) => string,
): Map<string, SpanNode[]> {
  const groups = new Map<string, SpanNode[]>();
  for (const node of nodes) {
    const key = keyOf(node);
    const group = groups.get(key);
    if (group) group.push(node);
    else groups.set(key, [node]);
  }
  return groups;
}
