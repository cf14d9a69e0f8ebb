import { differences, type SpanPattern, show } from '../pattern.ts';
import { serviceOf } from '../service.ts';
import type { Span } from '../span.ts';
import { traceOf } from './subject.ts';
import { patternOf } from './toHaveSpan.ts';
import { toleranceNano } from './tolerance.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export interface PathMatch {
  /** No other stretches, but for those shorter than the tolerance. Default: others may lie between. */
  readonly exact?: boolean;
  /** At least 1, the default. */
  readonly toleranceMs?: number;
}

/** The path goes through such spans in this order; a span may come again. */
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
  const long = all.filter((each) => each.endUnixNano - each.startUnixNano >= tolerance);
  const fitsLong = matches(spansOf(long), patterns, exact);
  const fitsAll = matches(spansOf(all), patterns, false);
  // What fits only by stretches that are too short to be sure of is undetermined.
  const pass = fitsLong || (fitsAll && !exact ? 'undetermined' : false);
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

function label(span: Span): string {
  return `${serviceOf(span)} "${span.name}"`;
}
