import { msText } from '../waterfall.ts';
import { viewOf } from './subject.ts';
import { type Bounds, describeBounds, isWithin } from './tolerance.ts';
import { type MatcherContext, type MatcherResult, mustOf, report } from './verdict.ts';

export function toHaveDurationWithin(
  this: MatcherContext,
  received: unknown,
  bounds: Bounds,
): MatcherResult {
  const { trace, span, durationNano: nano } = viewOf(received);
  return report(this, trace, 'toHaveDurationWithin', {
    pass: isWithin(nano, bounds),
    must: `have "${span.name}" take ${describeBounds(bounds)}`,
    expected: describeBounds(bounds),
    actual: msText(nano),
    notes: new Map([
      [span.spanId, [`takes: ${msText(nano)}, ${mustOf(this)} be ${describeBounds(bounds)}`]],
    ]),
  });
}
