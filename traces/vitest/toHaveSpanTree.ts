import { differences, type SpanPattern, show } from '../pattern.ts';
import type { Span } from '../span.ts';
import type { SpanView } from '../trace.ts';
import { describeDifferences, missNotes, nearestMisses } from './nearest.ts';
import { traceOf } from './subject.ts';
import { toleranceNano } from './tolerance.ts';
import { type MatcherContext, type MatcherResult, noteAll, report } from './verdict.ts';

export interface SpanTreePattern extends SpanPattern {
  readonly children?: readonly SpanTreePattern[];
}

export interface TreeMatch {
  /**
   * `subset`, the default: other children may be there, in any order. `ordered`: the children named
   * start one after the other. `exact`: they are all children that there are, down from the root.
   */
  readonly mode?: 'subset' | 'ordered' | 'exact';
  /** At least 1, the default: which of two spans started first is not known if they are closer. */
  readonly toleranceMs?: number;
}

type Fit = boolean | 'undetermined';

/** How well a part of the trace fits, and where it does not. */
interface Attempt {
  readonly fit: Fit;
  /** Patterns that found a span, over the whole tree. */
  readonly matched: number;
  readonly notes: ReadonlyMap<string, readonly string[]>;
}

export function toHaveSpanTree(
  this: MatcherContext,
  received: unknown,
  tree: SpanTreePattern,
  { mode = 'subset', toleranceMs = 1 }: TreeMatch = {},
): MatcherResult {
  const trace = traceOf(received);
  const rules = { mode, toleranceNano: toleranceNano(toleranceMs) };
  const starts = mode === 'exact' ? (trace.root === null ? [] : [trace.root]) : trace.views;
  const best = starts
    .map((view) => attempt(view, tree, rules))
    .filter((each) => each !== null)
    .reduce<Attempt | null>((a, b) => (a === null || isBetter(b, a) ? b : a), null);
  const { children: _, ...top } = tree;
  const misses = best === null ? nearestMisses(trace, top) : [];
  const manyRoots = mode === 'exact' && trace.roots.length > 1;
  const pass = manyRoots ? false : (best?.fit ?? false);
  return report(this, trace, 'toHaveSpanTree', {
    pass,
    must: `have this tree of spans (${mode})`,
    expected: show(tree),
    actual: manyRoots
      ? `${trace.roots.length} roots`
      : best === null
        ? `no span fits the top${misses[0] ? `; nearest: ${describeDifferences(misses[0].differences)}` : ''}`
        : [...best.notes.values()].flat().join('; ') || 'it is there',
    notes: best === null ? missNotes(misses) : best.notes,
  });
}

interface Rules {
  readonly mode: 'subset' | 'ordered' | 'exact';
  readonly toleranceNano: bigint;
}

/** Null: the span itself does not fit. */
function attempt(view: SpanView, pattern: SpanTreePattern, rules: Rules): Attempt | null {
  const { children: wanted = [], ...own } = pattern;
  if (differences(view.span, own).length > 0) return null;
  const { children } = view;
  const choices = wanted.map((child) =>
    children.map((each) => ({ view: each, result: attempt(each, child, rules) })),
  );
  // Each pattern takes a child of its own: the assignment that goes furthest.
  let best: { taken: (number | null)[]; matched: number; fit: Fit } | null = null;
  const used = new Set<number>();
  const walk = (i: number, taken: (number | null)[]): void => {
    if (best !== null && best.fit === true) return;
    if (i < wanted.length) {
      choices[i]?.forEach(({ result }, j) => {
        if (result === null || used.has(j)) return;
        used.add(j);
        walk(i + 1, [...taken, j]);
        used.delete(j);
      });
      if (best === null || !taken.includes(null)) walk(i + 1, [...taken, null]);
      return;
    }
    const results = taken.map((j, k) => (j === null ? null : (choices[k]?.[j]?.result ?? null)));
    const whole = results.every((result) => result !== null && result.fit !== false);
    const order = rules.mode === 'ordered' ? orderOf(taken, children, rules.toleranceNano) : true;
    const left = rules.mode === 'exact' && taken.length < children.length;
    const unsure = order === 'undetermined' || results.some((r) => r?.fit === 'undetermined');
    const fit = !whole || left || order === false ? false : unsure ? 'undetermined' : true;
    const matched = results.reduce((sum, result) => sum + (result?.matched ?? 0), 0);
    const next = { taken, matched, fit } as { taken: (number | null)[]; matched: number; fit: Fit };
    if (best === null || isBetter(next, best)) best = next;
  };
  walk(0, []);
  const { taken, matched, fit } = best ?? { taken: [], matched: 0, fit: false as Fit };
  return { fit, matched: matched + 1, notes: notesOf(view, wanted, taken, choices, fit, rules) };
}

function notesOf(
  view: SpanView,
  wanted: readonly SpanTreePattern[],
  taken: readonly (number | null)[],
  choices: readonly { view: SpanView; result: Attempt | null }[][],
  fit: Fit,
  { mode }: Rules,
): ReadonlyMap<string, readonly string[]> {
  if (fit === true) return noteAll([view], 'fits');
  const own: string[] = [];
  const notes = new Map<string, readonly string[]>();
  taken.forEach((j, i) => {
    const { children: _, ...pattern } = wanted[i] as SpanTreePattern;
    if (j === null) own.push(`has no child ${show(pattern)}`);
    else
      for (const [id, lines] of choices[i]?.[j]?.result?.notes ?? []) {
        if (!lines.includes('fits')) notes.set(id, lines);
      }
  });
  const extra = view.children.filter((_, j) => !taken.includes(j));
  if (mode === 'exact') {
    for (const { span } of extra) notes.set(span.spanId, ['must not be here']);
  }
  if (own.length === 0 && notes.size === 0) own.push('its children are not in this order');
  return own.length > 0 ? new Map([[view.span.spanId, own], ...notes]) : notes;
}

function orderOf(
  taken: readonly (number | null)[],
  children: readonly SpanView[],
  tolerance: bigint,
): Fit {
  const spans = taken.flatMap((j) => (j === null ? [] : [(children[j] as SpanView).span]));
  let sure = true;
  let latest: Span | null = null;
  for (const span of spans) {
    const early: bigint = latest === null ? -tolerance : latest.startUnixNano - span.startUnixNano;
    if (early >= tolerance) return false;
    if (early > -tolerance) sure = false;
    if (latest === null || span.startUnixNano > latest.startUnixNano) latest = span;
  }
  return sure || 'undetermined';
}

function isBetter(
  a: { readonly fit: Fit; readonly matched: number },
  b: { readonly fit: Fit; readonly matched: number },
): boolean {
  const rank = (fit: Fit) => (fit === true ? 2 : fit === false ? 0 : 1);
  return rank(a.fit) > rank(b.fit) || (rank(a.fit) === rank(b.fit) && a.matched > b.matched);
}
