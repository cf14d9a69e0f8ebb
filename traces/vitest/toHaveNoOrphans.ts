import { counted } from '../counted.ts';
import { traceOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

/** Every parent that is named is there, but for the one that was injected. */
export function toHaveNoOrphans(this: MatcherContext, received: unknown): MatcherResult {
  const trace = traceOf(received);
  const { orphans } = trace;
  return report(this, trace, 'toHaveNoOrphans', {
    pass: orphans.length === 0,
    must: 'have the parent of every span',
    expected: 'the parent of every span',
    actual:
      orphans.length === 0
        ? 'the parent of every span'
        : `${counted(orphans.length, 'span')} whose parent is missing`,
    notes: new Map(
      orphans.map(({ spanId, parentSpanId }) => [
        spanId,
        [`its parent ${parentSpanId} is missing`],
      ]),
    ),
  });
}
