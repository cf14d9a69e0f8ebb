import { hasFailed } from '../failure.ts';
import { differences, type SpanPattern, show } from '../pattern.ts';
import { describeDifferences } from './nearest.ts';
import { traceOf } from './subject.ts';
import { patternOf } from './toHaveSpan.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

/**
 * The trace's error began at such a span: one that failed though no child of it did. Where several
 * did, one of them must fit.
 */
export function toOriginateErrorAt(
  this: MatcherContext,
  received: unknown,
  span: string | RegExp | SpanPattern,
): MatcherResult {
  const trace = traceOf(received);
  const pattern = patternOf(span);
  const origins = trace.views.filter(
    (view) => hasFailed(view.span) && !view.node.children.some((child) => hasFailed(child.span)),
  );
  const misses = origins.map((view) => ({ view, found: differences(view.span, pattern) }));
  return report(this, trace, 'toOriginateErrorAt', {
    pass: misses.some(({ found }) => found.length === 0),
    must: `have its error begin at ${show(pattern)}`,
    expected: show(pattern),
    actual:
      origins.map(({ service, span: at }) => `${service} "${at.name}"`).join(', ') ||
      'nothing failed',
    notes: new Map(
      misses.map(({ view, found }) => [
        view.span.spanId,
        [`an error begins here${found.length > 0 ? `: ${describeDifferences(found)}` : ''}`],
      ]),
    ),
  });
}
