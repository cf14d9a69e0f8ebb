import { differences, type SpanPattern, show } from '../pattern.ts';
import type { SpanView } from '../trace.ts';
import { assign } from './assignment.ts';
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
  readonly notes: () => ReadonlyMap<string, readonly string[]>;
}

/** A pattern of a span without, and with, those of its children. */
interface Parts {
  readonly own: SpanPattern;
  readonly wanted: readonly Parts[];
}

function partsOf({ children = [], ...own }: SpanTreePattern): Parts {
  return { own, wanted: children.map(partsOf) };
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
  const top = partsOf(tree);
  const best = starts
    .map((view) => attempt(view, top, rules))
    .filter((each) => each !== null)
    .reduce<Attempt | null>((a, b) => (a === null || isBetter(b, a) ? b : a), null);
  const misses = best === null ? nearestMisses(trace, top.own) : [];
  const notes = best === null ? missNotes(misses) : best.notes();
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
        : [...notes.values()].flat().join('; '),
    notes,
  });
}

interface Rules {
  readonly mode: 'subset' | 'ordered' | 'exact';
  readonly toleranceNano: bigint;
}

/** Null: the span itself does not fit. */
function attempt(view: SpanView, { own, wanted }: Parts, rules: Rules): Attempt | null {
  if (differences(view.span, own).length > 0) return null;
  if (wanted.length === 0 && rules.mode !== 'exact') {
    return { fit: true, matched: 1, notes: () => noteAll([view], 'fits') };
  }
  const { children } = view;
  const choices = wanted.map((child) => children.map((each) => attempt(each, child, rules)));
  const taken = bestTaken(choices);
  const order = rules.mode === 'ordered' ? orderOf(children, choices, rules.toleranceNano) : true;
  const results = taken.map((j, k) => (j === null ? null : (choices[k]?.[j] ?? null)));
  const whole = results.every((result) => result !== null && result.fit !== false);
  const left = rules.mode === 'exact' && taken.length < children.length;
  // Doubt below is doubt of the order, too: sure is an order only of children that surely fit.
  const fit = whole && !left ? order : false;
  const matched = 1 + results.reduce((sum, result) => sum + (result?.matched ?? 0), 0);
  const notes = () => notesOf(view, wanted, taken, choices, fit, rules);
  return { fit, matched, notes };
}

type Choices = readonly (readonly (Attempt | null)[])[];

/** Each pattern takes a child of its own, so that the whole goes furthest. */
function bestTaken(choices: Choices): (number | null)[] {
  const used = new Set<number>();
  const greedy = choices.map((row) => {
    const j = row.findIndex((result, at) => result?.fit === true && !used.has(at));
    used.add(j);
    return j;
  });
  if (!greedy.includes(-1)) return greedy;
  const most = choices.flat().reduce((max, result) => Math.max(max, result?.matched ?? 0), 0);
  // One more that fits is worth more than any number of patterns below; one that is sure, less.
  const unit = 1 + most * choices.length;
  const score = (i: number, j: number): number => {
    const result = choices[i]?.[j];
    if (!result) return 0;
    const rank =
      result.fit === true ? choices.length + 1 : result.fit === false ? 0 : choices.length;
    return rank * unit + result.matched;
  };
  return assign(choices.length, choices[0]?.length ?? 0, score);
}

function notesOf(
  view: SpanView,
  wanted: readonly Parts[],
  taken: readonly (number | null)[],
  choices: Choices,
  fit: Fit,
  { mode }: Rules,
): ReadonlyMap<string, readonly string[]> {
  if (fit === true) return noteAll([view], 'fits');
  const own: string[] = [];
  const notes = new Map<string, readonly string[]>();
  taken.forEach((j, i) => {
    if (j === null) own.push(`has no child ${show(wanted[i]?.own)}`);
    else
      for (const [id, lines] of choices[i]?.[j]?.notes() ?? []) {
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

/**
 * Whether the patterns can take children one after the other; undetermined if they could only within
 * the tolerance of clocks.
 * @throws {RangeError} if too many start too close together to try all orders.
 */
function orderOf(children: readonly SpanView[], choices: Choices, toleranceNano: bigint): Fit {
  const starts = children.map(({ span }) => span.startUnixNano);
  if (isInOrder(starts, choices, toleranceNano)) return true;
  // What was tried in vain: the pattern, the latest start so far, and who else is taken near it.
  const failed = new Set<string>();
  /** Of each pattern the earliest of these. */
  const firstFailed: { readonly latest: bigint; readonly near: readonly number[] }[] = [];
  /** Whether then no child was refused to the pattern, or to one after it, that would be now. */
  const hadMoreChoice = (i: number, latest: bigint, near: readonly number[]): boolean => {
    const first = firstFailed[i];
    if (first === undefined || first.latest > latest) return false;
    const earliest = latest - toleranceNano;
    return first.near.every((at) => (starts[at] as bigint) <= earliest || near.includes(at));
  };
  const walk = (i: number, latest: bigint | null, near: readonly number[]): boolean => {
    const row = choices[i];
    if (row === undefined) return true;
    const state = `${i} ${latest} ${near.join()}`;
    if (failed.has(state) || (latest !== null && hadMoreChoice(i, latest, near))) return false;
    const earliest = latest === null ? null : latest - toleranceNano;
    for (let j = 0; j < row.length; j++) {
      const start = starts[j] as bigint;
      const fit = row[j]?.fit ?? false;
      if (fit === false || near.includes(j) || (earliest !== null && start <= earliest)) continue;
      const next = latest === null || start > latest ? start : latest;
      const stillNear = [...near, j]
        .filter((at) => (starts[at] as bigint) > next - toleranceNano)
        .sort((a, b) => a - b);
      if (walk(i + 1, next, stillNear)) return true;
    }
    failed.add(state);
    const first = firstFailed[i];
    if (latest !== null && (first === undefined || latest < first.latest)) {
      firstFailed[i] = { latest, near };
    }
    if (failed.size > mostOrders) {
      throw new RangeError(
        `More than ${mostOrders} orders of ${children.length} children are possible within the ` +
          'tolerance; name fewer, or use the mode "subset"',
      );
    }
    return false;
  };
  return walk(0, null, []) ? 'undetermined' : false;
}

const mostOrders = 20_000;

/** Whether each pattern can take the first child that fits, and starts later by the tolerance or more. */
function isInOrder(starts: readonly bigint[], choices: Choices, toleranceNano: bigint): boolean {
  let earliest: bigint | null = null;
  for (const row of choices) {
    const j = row.findIndex(
      (result, at) =>
        result?.fit === true && (earliest === null || (starts[at] as bigint) >= earliest),
    );
    if (j < 0) return false;
    earliest = (starts[j] as bigint) + toleranceNano;
  }
  return true;
}

function isBetter(
  a: { readonly fit: Fit; readonly matched: number },
  b: { readonly fit: Fit; readonly matched: number },
): boolean {
  const rank = (fit: Fit) => (fit === true ? 2 : fit === false ? 0 : 1);
  // What fits matches every pattern: nothing that fits worse matches more.
  return rank(a.fit) > rank(b.fit) || a.matched > b.matched;
}
