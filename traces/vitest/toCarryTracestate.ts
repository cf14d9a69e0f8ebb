import { type Expected, fits, type SpanPattern, show } from '../pattern.ts';
import { traceOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export interface TracestateHops {
  /** The spans to look at. Default: every server span. */
  readonly at?: SpanPattern;
}

/** Each hop has received these members of `tracestate`; `undefined` is for one that must not be there. */
export function toCarryTracestate(
  this: MatcherContext,
  received: unknown,
  members: Readonly<Record<string, Expected<string> | undefined>>,
  { at = { kind: 'server' } }: TracestateHops = {},
): MatcherResult {
  const trace = traceOf(received);
  const hops = trace.filter(at);
  const notes = new Map<string, string[]>();
  for (const { span, traceState } of hops) {
    const has = new Map(traceState.map(({ key, value }) => [key, value]));
    const wrong = Object.entries(members).flatMap(([key, expected]) => {
      const value = has.get(key);
      return fits(value, expected) ? [] : [`${key} must be ${show(expected)}, is ${show(value)}`];
    });
    if (wrong.length > 0) notes.set(span.spanId, [wrong.join('; ')]);
  }
  return report(this, trace, 'toCarryTracestate', {
    pass: hops.length > 0 && notes.size === 0,
    must: `carry in tracestate ${show(members)} at every hop ${show(at)}`,
    expected: show(members),
    actual:
      hops.map(({ service, span }) => `${service}: ${span.traceState || '(none)'}`).join('; ') ||
      `no span is ${show(at)}`,
    notes,
  });
}
