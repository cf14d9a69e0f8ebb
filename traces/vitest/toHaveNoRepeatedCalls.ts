import { often } from '../counted.ts';
import { differences, type SpanPattern } from '../pattern.ts';
import { routeKey } from '../retries.ts';
import type { Span } from '../span.ts';
import { traceOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export interface RepeatedCalls {
  /** Alike calls below one span that are fine. Default: 1. */
  readonly max?: number;
  /** Only such calls are looked at. */
  readonly of?: SpanPattern;
}

/**
 * No span makes more than `max` alike calls (N+1): client spans of one name to one peer for one
 * route or statement, numbers and ids in it left out. The attempts of a call are one.
 */
export function toHaveNoRepeatedCalls(
  this: MatcherContext,
  received: unknown,
  { max = 1, of = {} }: RepeatedCalls = {},
): MatcherResult {
  const trace = traceOf(received);
  const retried = new Set(trace.retries.flatMap(({ attempts }) => attempts.slice(1)));
  const groups = new Map<string, [Span, ...Span[]]>();
  for (const span of trace.spans) {
    if (span.kind !== 'client' || retried.has(span) || differences(span, of).length > 0) continue;
    const key = `${span.parentSpanId} ${withoutIds(routeKey(span))}`;
    const group = groups.get(key);
    if (group) group.push(span);
    else groups.set(key, [span]);
  }
  const repeated = [...groups.values()].filter((group) => group.length > max);
  return report(this, trace, 'toHaveNoRepeatedCalls', {
    pass: repeated.length === 0,
    must: `make each call at most ${often(max)} below one span`,
    expected: `at most ${max} of each`,
    actual:
      repeated.map((group) => `${group.length}× "${group[0].name}"`).join(', ') || 'none repeated',
    notes: new Map(repeated.map((group) => [group[0].spanId, [`made ${often(group.length)}`]])),
  });
}

/** The position among a script's calls is not the same for calls that repeat; nor are ids. */
function withoutIds(key: string): string {
  const parts = (JSON.parse(key) as string[]).slice(0, -1);
  return JSON.stringify(
    parts.map((part, i) =>
      i === 3 ? part : part.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+|'[^']*'/g, '?'),
    ),
  );
}
