import { counted } from '../counted.ts';
import { differences, type SpanPattern, show } from '../pattern.ts';
import { serviceOf } from '../service.ts';
import { traceOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export interface RetriesExpected {
  /** What the attempts are. Default: any. */
  readonly of?: SpanPattern;
  /** Attempts of a call, the first included. Default: two or more. */
  readonly attempts?: number;
}

/** There is a call that was made again. */
export function toHaveRetries(
  this: MatcherContext,
  received: unknown,
  { of = {}, attempts }: RetriesExpected = {},
): MatcherResult {
  const trace = traceOf(received);
  const calls = trace.retries.filter((call) =>
    call.attempts.every((span) => differences(span, of).length === 0),
  );
  const pass = calls.some((call) => attempts === undefined || call.attempts.length === attempts);
  const wanted = attempts === undefined ? 'at least 2 attempts' : counted(attempts, 'attempt');
  return report(this, trace, 'toHaveRetries', {
    pass,
    must: `have a call ${show(of)} with ${wanted}`,
    expected: wanted,
    actual:
      calls
        .map(({ attempts: made, evidence }) => {
          const [first] = made;
          return `${made.length} attempts of ${first ? serviceOf(first) : ''} "${first?.name}" (by ${evidence})`;
        })
        .join(', ') || 'no retries',
    notes: new Map(
      calls.flatMap((call) =>
        call.attempts.map((span, i) => [span.spanId, [`attempt ${i + 1}`]] as const),
      ),
    ),
  });
}
