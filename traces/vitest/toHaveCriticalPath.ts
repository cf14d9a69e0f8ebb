import { closePaths, type PathSection } from '../criticalPath.ts';
import { differences, type SpanPattern, show } from '../pattern.ts';
import { serviceOf } from '../service.ts';
import type { Span } from '../span.ts';
import { traceOf } from './subject.ts';
import { patternOf } from './toHaveSpan.ts';
import { toleranceNano } from './tolerance.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export interface PathMatch {
  /** No other stretches, but for those shorter than the tolerance. Default: others may be, too. */
  readonly exact?: boolean;
  /** At least 1, the default. */
  readonly toleranceMs?: number;
}

/**
 * The path goes through such spans in this order; a span may come again. Undetermined: what fits
 * only with stretches shorter than the tolerance, or only if of two children that ended that close
 * together the right one ended last.
 */
export function toHaveCriticalPath(
  this: MatcherContext,
  received: unknown,
  path: readonly (string | RegExp | SpanPattern)[],
  { exact = false, toleranceMs = 1 }: PathMatch = {},
): MatcherResult {
  const trace = traceOf(received);
  const tolerance = toleranceNano(toleranceMs);
  const patterns = path.map(patternOf);
  const all = trace.criticalPath;
  const isLong = (each: PathSection) => each.endUnixNano - each.startUnixNano >= tolerance;
  const long = all.filter(isLong);
  const possible = trace.root === null ? [[]] : closePaths(trace.root.node, tolerance);
  const pass =
    possible.every((sections) => matches(spansOf(sections.filter(isLong)), patterns, exact)) ||
    ([...possible, ...(exact ? [] : [allOf(possible)])].some((sections) =>
      canMatch(sections, patterns, exact, isLong),
    )
      ? 'undetermined'
      : false);
  const missing = patterns.find((pattern) =>
    all.every(({ span }) => differences(span, pattern).length > 0),
  );
  return report(this, trace, 'toHaveCriticalPath', {
    pass,
    must: `have ${exact ? 'exactly ' : ''}on its critical path, in this order, ${show(patterns)}`,
    expected: patterns.map(show).join(' → '),
    actual: spansOf(long).map(label).join(' → ') || '(empty)',
    notes: notesFor(trace.spans, missing),
  });
}

function notesFor(spans: readonly Span[], missing: SpanPattern | undefined) {
  if (missing === undefined) return new Map<string, string[]>();
  const off = spans.filter((span) => differences(span, missing).length === 0);
  return new Map(off.slice(0, 3).map(({ spanId }) => [spanId, ['is not on the critical path']]));
}

/** Without those that follow themselves. */
function spansOf(sections: readonly { readonly span: Span }[]): Span[] {
  return sections.map(({ span }) => span).filter((span, i, list) => span !== list[i - 1]);
}

function matches(spans: readonly Span[], patterns: readonly SpanPattern[], exact: boolean) {
  const fits = (span: Span, pattern: SpanPattern) => differences(span, pattern).length === 0;
  if (exact) {
    return (
      spans.length === patterns.length &&
      spans.every((span, i) => fits(span, patterns[i] as SpanPattern))
    );
  }
  let next = 0;
  for (const span of spans) {
    const pattern = patterns[next];
    if (pattern !== undefined && fits(span, pattern)) next++;
  }
  return next === patterns.length;
}

/** Stretches of any of the paths, in order of time: the one that the trace took may be a mixture. */
function allOf(paths: readonly (readonly PathSection[])[]): PathSection[] {
  const each = new Map(
    paths.flat().map((section) => [`${section.span.spanId} ${section.startUnixNano}`, section]),
  );
  return [...each.values()].sort((a, b) => Number(a.startUnixNano - b.startUnixNano));
}

/** Whether the patterns fit if some, or none, of the short stretches are there. */
function canMatch(
  sections: readonly PathSection[],
  patterns: readonly SpanPattern[],
  exact: boolean,
  isLong: (section: PathSection) => boolean,
): boolean {
  if (!exact) return matches(spansOf(sections), patterns, false);
  const lastAt = new Map<Span | null, number>(sections.map(({ span }, i) => [span, i]));
  // How many patterns can be used up, with the span that was there last if it comes again: without
  // what is left out it would follow itself.
  let reached = new Map<string, readonly [number, Span | null]>([['', [0, null]]]);
  sections.forEach((section, i) => {
    const { span } = section;
    const next = new Map<string, readonly [number, Span | null]>();
    const add = (used: number, last: Span | null) => {
      const again = (lastAt.get(last) ?? i) > i ? last : null;
      next.set(`${used} ${again?.spanId}`, [used, again]);
    };
    for (const [used, last] of reached.values()) {
      const pattern = patterns[used];
      if (span === last || !isLong(section)) add(used, last);
      if (span !== last && pattern !== undefined && differences(span, pattern).length === 0) {
        add(used + 1, span);
      }
    }
    reached = next;
  });
  return [...reached.values()].some(([used]) => used === patterns.length);
}

function label(span: Span): string {
  return `${serviceOf(span)} "${span.name}"`;
}
