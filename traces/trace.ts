import { type BlameSection, type BlameShare, blameSections, sharesOf } from './blame.ts';
import { type ClockSkew, clockSkewBelow } from './clockSkew.ts';
import { concurrency } from './concurrency.ts';
import { type PathSection, type PathWithNodes, pathWithNodes } from './criticalPath.ts';
import { fullestFirst } from './duplicates.ts';
import { type Interval, later, outside, union, within } from './interval.ts';
import { describePattern, differences, type SpanPattern } from './pattern.ts';
import { type Retries, retriesBelow } from './retries.ts';
import { selfTimeNano } from './selfTime.ts';
import { serviceOf } from './service.ts';
import type { Span } from './span.ts';
import { parseTraceState, type TraceStateMember } from './traceState.ts';
import { type SpanNode, spanTree } from './tree.ts';

export interface TraceOptions {
  /** The span that a test, or another system, put into `traceparent`, if it is not in the trace. */
  readonly remoteParentId?: string;
  /** Where a person can look at the trace. */
  readonly link?: string;
}

/** Clocks of JavaScript processes are read in whole milliseconds: less than that says nothing. */
export const clockToleranceNano = 1_000_000n;

/**
 * The spans of one trace with everything that follows from them. Nothing of it changes; what it
 * gives is the same in whatever order the spans came. What is expensive is computed when it is
 * first asked for.
 */
export class Trace {
  /** Empty if there are no spans. */
  readonly traceId: string;
  /** Every span once, parents before their children, siblings in order of start. */
  readonly spans: readonly Span[];
  /** In order of start. */
  readonly roots: readonly SpanNode[];
  /** Spans whose id another has: a repeated export, mostly. They count nowhere else. */
  readonly duplicates: readonly Span[];
  readonly options: TraceOptions;
  readonly #byId: ReadonlyMap<string, SpanNode>;
  /** In the order of `spans`. */
  readonly #nodes: readonly SpanNode[];
  #path: PathWithNodes | null = null;
  #blame: readonly BlameSection[] | null = null;
  #retries: readonly Retries[] | null = null;

  /**
   * @param spans of one trace, as a source gives them.
   * @throws {RangeError} if they are of several traces.
   */
  constructor(spans: readonly Span[], options: TraceOptions = {}) {
    this.traceId = spans[0]?.traceId ?? '';
    for (const { traceId } of spans) {
      if (traceId !== this.traceId) {
        throw new RangeError(
          `The spans of a trace must have one trace id; these have ${this.traceId} and ${traceId}: ` +
            'make a Trace of each',
        );
      }
    }
    this.options = options;
    let tree = spanTree(spans);
    if (tree.duplicates.length > 0) tree = spanTree(fullestFirst(spans));
    this.roots = tree.roots;
    this.duplicates = tree.duplicates;
    this.#byId = tree.byId;
    const nodes: SpanNode[] = [];
    const waiting = tree.roots.toReversed();
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      nodes.push(node);
      for (let i = node.children.length - 1; i >= 0; i--) {
        waiting.push(node.children[i] as SpanNode);
      }
    }
    this.#nodes = nodes;
    this.spans = nodes.map(({ span }) => span);
    // Private fields can be written all the same.
    Object.freeze(this);
  }

  /**
   * Of several roots the first that has no parent, or whose parent is remote; null: no spans. Below
   * the remote parent the handler stands beside the wait before it (`server.queue`): it is the root.
   */
  get root(): SpanView | null {
    const { remoteParentId } = this.options;
    const remote = this.roots.filter(({ span }) => span.parentSpanId === remoteParentId);
    const node =
      remote.find(({ span }) => span.kind === 'server' || span.kind === 'consumer') ??
      remote[0] ??
      this.roots.find(({ place }) => place === 'root') ??
      this.roots[0];
    return node === undefined ? null : new SpanView(this, node);
  }

  /** Names of the services, in the order in which the trace reaches them. */
  get services(): readonly string[] {
    return [...new Set(this.spans.map(serviceOf))];
  }

  /** @param spanId 16 hex digits. */
  get(spanId: string): SpanView | null {
    const node = this.#byId.get(spanId.toLowerCase());
    return node === undefined ? null : new SpanView(this, node);
  }

  /** Spans that fit, parents before their children, siblings in order of start. */
  filter(pattern: SpanPattern): readonly SpanView[] {
    return this.views.filter(({ span }) => differences(span, pattern).length === 0);
  }

  /** @throws {RangeError} unless exactly one span fits. */
  find(pattern: SpanPattern): SpanView {
    const found = this.filter(pattern);
    if (found.length === 1) return found[0] as SpanView;
    const names = this.spans.slice(0, 20).map((span) => `${serviceOf(span)} "${span.name}"`);
    const more = this.spans.length > names.length ? `, … (${this.spans.length} in all)` : '';
    throw new RangeError(
      `Exactly one span must fit ${describePattern(pattern)}; ${found.length} do, of: ` +
        `${names.join(', ') || 'no spans at all'}${more}`,
    );
  }

  get views(): readonly SpanView[] {
    return this.#nodes.map((node) => new SpanView(this, node));
  }

  /** Spans whose parent is named and not there, but for the remote one, and what is above that. */
  get orphans(): readonly Span[] {
    const { remoteParentId } = this.options;
    return this.roots
      .filter(
        ({ place, span }) =>
          place === 'orphan' &&
          span.parentSpanId !== remoteParentId &&
          span.spanId !== remoteParentId,
      )
      .map(({ span }) => span);
  }

  /** Ids of the parents that are named and not there, but for a remote one. */
  get missingParents(): readonly string[] {
    return [...new Set(this.orphans.map(({ parentSpanId }) => parentSpanId))];
  }

  get clockSkew(): readonly ClockSkew[] {
    return this.#each((node) => clockSkewBelow(node, clockToleranceNano));
  }

  /** Calls that were made more than once. */
  get retries(): readonly Retries[] {
    this.#retries ??= this.#each(retriesBelow);
    return this.#retries;
  }

  /** From the root's start to its end, without gaps; empty where there is no root of any length. */
  get criticalPath(): readonly PathSection[] {
    return this.#pathWithNodes.sections;
  }

  get #pathWithNodes(): PathWithNodes {
    const { root } = this;
    this.#path ??= root === null ? { sections: [], nodes: [] } : pathWithNodes(root.node);
    return this.#path;
  }

  /** The critical path in finer sections, each with who is to blame for it, and for what. */
  get blameSections(): readonly BlameSection[] {
    const { spans, retries } = this;
    const path = this.#pathWithNodes;
    const node = (spanId: string) => this.#byId.get(spanId);
    this.#blame ??= blameSections({ spans, path, retries, node });
    return this.#blame;
  }

  /** Blame by service and cause, the largest first; adds up to the root's duration. */
  get blame(): readonly BlameShare[] {
    return sharesOf(this.blameSections);
  }

  /** Length of the root in nanoseconds; 0n where there is none, or it ends before it starts. */
  get durationNano(): bigint {
    return this.root?.durationNano ?? 0n;
  }

  #each<T>(give: (node: SpanNode) => readonly T[]): T[] {
    const result: T[] = [];
    for (const node of this.#nodes) {
      if (node.children.length === 0) continue;
      // Not `push(...)`: one span may have more of them than a call takes arguments.
      for (const each of give(node)) result.push(each);
    }
    return result;
  }
}

/** A span in its trace. */
export class SpanView {
  readonly trace: Trace;
  readonly node: SpanNode;

  constructor(trace: Trace, node: SpanNode) {
    this.trace = trace;
    this.node = node;
  }

  get span(): Span {
    return this.node.span;
  }

  get service(): string {
    return serviceOf(this.span);
  }

  get traceState(): readonly TraceStateMember[] {
    return parseTraceState(this.span.traceState);
  }

  get parent(): SpanView | null {
    return this.node.place === 'child' ? this.trace.get(this.span.parentSpanId) : null;
  }

  get children(): readonly SpanView[] {
    return this.node.children.map((node) => new SpanView(this.trace, node));
  }

  /** Never negative: a span that ends before it starts has none. */
  get durationNano(): bigint {
    const { startUnixNano, endUnixNano } = this.span;
    return endUnixNano > startUnixNano ? endUnixNano - startUnixNano : 0n;
  }

  /** How long it ran while no child did, in nanoseconds; 0n ≤ result ≤ duration. */
  get selfTimeNano(): bigint {
    return this.durationNano === 0n ? 0n : selfTimeNano(this.span, this.#soundChildren());
  }

  /** Stretches of the span during which a child ran. */
  get waits(): readonly Interval[] {
    return within(this.#interval(), union(this.#soundChildren()));
  }

  /** Stretches of the span during which none did; they add up to the self time. */
  get gaps(): readonly Interval[] {
    return outside(this.#interval(), union(this.#soundChildren()));
  }

  /** How many of its children ran at once, at most. */
  get concurrency(): number {
    return concurrency(this.#soundChildren());
  }

  #interval(): Interval {
    const { startUnixNano, endUnixNano } = this.span;
    return { startUnixNano, endUnixNano: later(startUnixNano, endUnixNano) };
  }

  #soundChildren(): readonly Span[] {
    return this.node.children
      .map(({ span }) => span)
      .filter(({ startUnixNano, endUnixNano }) => startUnixNano <= endUnixNano);
  }
}
