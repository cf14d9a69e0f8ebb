import { earlier, later } from './interval.ts';
import type { Span } from './span.ts';
import type { SpanNode } from './tree.ts';

/** A stretch of time for which the trace waited for `span` itself, not for one of its children. */
export interface PathSection {
  readonly span: Span;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
}

/** What a walk takes from a span, and which of two siblings it follows. */
export interface PathRules {
  readonly start: (span: Span) => bigint;
  readonly end: (span: Span) => bigint;
  /** Whether a child that ends just when the next one starts is followed. */
  readonly touching: boolean;
  /** Children that end so close together are alike, and may run so far into the next one. Default: 0. */
  readonly closeNano?: bigint;
  /** Which of children that are alike is followed. Default: the one that ends last. */
  readonly prefer?: 'longest' | 'shortest';
}

const exactRules: PathRules = {
  start: (span) => span.startUnixNano,
  end: (span) => span.endUnixNano,
  touching: true,
};

/**
 * As Jaeger's page draws it (jaeger-ui, `CriticalPath`): times in whole microseconds, and of the
 * children before another one only those that end strictly before it starts. Where siblings touch
 * in that resolution, the earlier one's time is charged to their parent.
 */
export const jaegerRules: PathRules = {
  start: ({ startUnixNano }) => startUnixNano - (startUnixNano % 1000n),
  end({ startUnixNano, endUnixNano }) {
    const durationNano = endUnixNano - startUnixNano;
    return startUnixNano - (startUnixNano % 1000n) + durationNano - (durationNano % 1000n);
  },
  touching: false,
};

/**
 * The critical paths that the trace may have had, as far as clocks can tell: the exact one first,
 * and those on which, of children that ended within `toleranceNano` of each other, the longest or the
 * shortest ended last, and children that overlap by no more came one after the other.
 */
export function closePaths(root: SpanNode, toleranceNano: bigint): PathSection[][] {
  const close = { ...exactRules, closeNano: toleranceNano };
  return [
    exactRules,
    close,
    { ...close, prefer: 'longest' as const },
    { ...close, prefer: 'shortest' as const },
  ].map((rules) => criticalPath(root, rules));
}

interface Child {
  readonly node: SpanNode;
  readonly from: bigint;
  readonly to: bigint;
}

/** A span on the way back through a trace. */
interface Frame {
  readonly node: SpanNode;
  /** What of it lies within its parent. */
  readonly from: bigint;
  readonly to: bigint;
  /** Children with what of them lies within, by rising end; each is taken off once looked at. */
  readonly children: Child[];
  /** What lies after it is charged already. */
  cursor: bigint;
}

/**
 * The critical path of a trace: which span the root's duration was spent in, stretch by stretch, in
 * order of time. From the root's end backwards it follows, at each span, the child that ended last
 * before the point reached, and charges to the span itself what no child covers (as CRISP does:
 * Zhang et al., USENIX ATC 2022). Sections touch, and add up to the root's duration exactly; a root
 * that ends before it starts has none.
 *
 * Children count with what of them lies within their parent: one that starts after its parent's end
 * is on no path, one that outlives it is cut off. A consumer is not waited for by its producer.
 * Time: n log n in the number of spans; any depth.
 */
export function criticalPath(root: SpanNode, rules: PathRules = exactRules): PathSection[] {
  return pathWithNodes(root, rules).sections;
}

/** The critical path, and of each of its sections the node: to look it up by id is dear. */
export interface PathWithNodes {
  readonly sections: PathSection[];
  readonly nodes: SpanNode[];
}

export function pathWithNodes(root: SpanNode, rules: PathRules = exactRules): PathWithNodes {
  const sections: PathSection[] = [];
  const nodes: SpanNode[] = [];
  const charge = (node: SpanNode, startUnixNano: bigint, endUnixNano: bigint) => {
    if (startUnixNano >= endUnixNano) return;
    sections.push({ span: node.span, startUnixNano, endUnixNano });
    nodes.push(node);
  };
  const frames = [frameOf(root, rules.start(root.span), rules.end(root.span), rules)];
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const child = nextChild(frame, rules);
    if (child === undefined) {
      charge(frame.node, frame.from, frame.cursor);
      frames.pop();
    } else if (isBefore(child, frame, rules)) {
      const to = earlier(child.to, frame.cursor);
      charge(frame.node, to, frame.cursor);
      frame.cursor = child.from;
      frames.push(frameOf(child.node, child.from, to, rules));
    }
  }
  return { sections: sections.reverse(), nodes: nodes.reverse() };
}

/** Takes off the child that ended last, or the one that is preferred to it. */
function nextChild({ children }: Frame, { closeNano = 0n, prefer }: PathRules) {
  const last = children.pop();
  if (prefer === undefined || last === undefined) return last;
  let best = last;
  let at = children.length;
  for (let i = children.length - 1; i >= Math.max(0, children.length - mostAlike); i--) {
    const child = children[i] as Child;
    if (child.to <= last.to - closeNano) break;
    const isBetter = prefer === 'longest' ? child.from < best.from : child.from > best.from;
    if (isBetter) {
      best = child;
      at = i;
    }
  }
  if (best !== last) children.splice(at, 1, ...children.splice(at + 1), last);
  return best;
}

/** So many are compared: more that end together would cost the square of their number. */
const mostAlike = 64;

function isBefore({ from, to: end }: Child, { cursor, to }: Frame, rules: PathRules): boolean {
  const { touching, closeNano = 0n } = rules;
  if (closeNano > 0n) return end - closeNano < cursor && from < cursor;
  return end < cursor || (end === cursor && (touching || cursor === to));
}

function frameOf(node: SpanNode, from: bigint, to: bigint, rules: PathRules): Frame {
  const { span, children } = node;
  const inside: Child[] = [];
  for (const child of children) {
    if (span.kind === 'producer' && child.span.kind === 'consumer') continue;
    const start = later(from, rules.start(child.span));
    const end = earlier(to, rules.end(child.span));
    if (start < end) inside.push({ node: child, from: start, to: end });
  }
  // Of equal ends the one that starts first is last, so that it is looked at first.
  if (inside.length > 1) inside.reverse().sort((a, b) => (a.to < b.to ? -1 : a.to > b.to ? 1 : 0));
  return { node, from, to, children: inside, cursor: to };
}
