import { counted } from '../counted.ts';
import { describePattern, type SpanPattern, show } from '../pattern.ts';
import type { SpanView } from '../trace.ts';
import { describeDifferences, type Miss, missNotes, nearestMisses } from './nearest.ts';
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
  const count = times === undefined ? 'a span' : counted(times, 'span');
  return report(this, trace, 'toHaveSpan', {
    pass,
    must: `have ${count} as ${describePattern(pattern)}`,
    expected: `${count} ${describePattern(pattern)}`,
    ...(found.length > 0 ? told(found) : toldOfNearest(nearestMisses(trace, pattern))),
  });
}

function told(found: readonly SpanView[]) {
  const some = found.slice(0, 3).map(({ service, span }) => `${service} "${span.name}"`);
  return { actual: `${found.length} such: ${show(some)}`, notes: noteAll(found, 'fits') };
}

function toldOfNearest(misses: readonly Miss[]) {
  const [first] = misses;
  const actual = first ? `none; nearest: ${describeDifferences(first.differences)}` : 'no spans';
  return { actual, notes: missNotes(misses) };
}
