import { traceOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

/** Every parent that is named is there, but for the one that was injected. */
export function toHaveNoOrphans(this: MatcherContext, received: unknown): MatcherResult {
  const trace = traceOf(received);
  const { orphans } = trace;
  return report(this, trace, 'toHaveNoOrphans', {
    pass: orphans.length === 0,
    must: 'have the parent of every span',
    expected: 'no span without its parent',
    actual: orphans.length === 0 ? 'none' : `${orphans.length} without their parent`,
    notes: new Map(
      orphans.map(({ spanId, parentSpanId }) => [
        spanId,
        [`its parent ${parentSpanId} is missing`],
      ]),
    ),
  });
}
