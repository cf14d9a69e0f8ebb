import { msText } from '../waterfall.ts';
import { viewOf } from './subject.ts';
import { type Bounds, describeBounds, isWithin } from './tolerance.ts';
import { type MatcherContext, type MatcherResult, mustOf, report } from './verdict.ts';

export function toHaveSelfTimeWithin(
  this: MatcherContext,
  received: unknown,
  bounds: Bounds,
): MatcherResult {
  const { trace, span, selfTimeNano: nano } = viewOf(received);
  return report(this, trace, 'toHaveSelfTimeWithin', {
    pass: isWithin(nano, bounds),
    must: `have as its self time on "${span.name}" ${describeBounds(bounds)}`,
    expected: describeBounds(bounds),
    actual: msText(nano),
    notes: new Map([
      [span.spanId, [`self time: ${msText(nano)}, ${mustOf(this)} be ${describeBounds(bounds)}`]],
    ]),
  });
}
