import { describePattern, type SpanPattern, show } from '../pattern.ts';
import { describeDifferences, missNotes, nearestMisses } from './nearest.ts';
import { traceOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, noteAll, report } from './verdict.ts';

export interface SpanCount {
  /** Exactly so many. Default: at least one. */
  readonly times?: number;
}

/** A span's name, or a pattern. */
export function patternOf(span: string | RegExp | SpanPattern): SpanPattern {
  return typeof span === 'string' || span instanceof RegExp ? { name: span } : span;
}

export function toHaveSpan(
  this: MatcherContext,
  received: unknown,
  span: string | RegExp | SpanPattern,
  { times }: SpanCount = {},
): MatcherResult {
  const trace = traceOf(received);
  const pattern = patternOf(span);
  const found = trace.filter(pattern);
  const pass = times === undefined ? found.length > 0 : found.length === times;
  const misses = found.length > 0 ? [] : nearestMisses(trace, pattern);
  const count = times === undefined ? 'a span' : `${times} spans`;
  return report(this, trace, 'toHaveSpan', {
    pass,
    must: `have ${count} as ${describePattern(pattern)}`,
    expected: `${count} ${describePattern(pattern)}`,
    actual:
      found.length > 0
        ? `${found.length} such: ${show(found.slice(0, 3).map((view) => `${view.service} "${view.span.name}"`))}`
        : misses[0] === undefined
          ? 'no spans'
          : `none; nearest: ${describeDifferences(misses[0].differences)}`,
    notes: found.length > 0 ? noteAll(found, 'fits') : missNotes(misses),
  });
}
