import { msText } from '../waterfall.ts';
import { viewOf } from './subject.ts';
import { type Bounds, describeBounds, isWithin } from './tolerance.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export function toHaveDurationWithin(
  this: MatcherContext,
  received: unknown,
  bounds: Bounds,
): MatcherResult {
  const { trace, span, durationNano: nano } = viewOf(received);
  const must = this.isNot ? 'must not' : 'must';
  return report(this, trace, 'toHaveDurationWithin', {
    pass: isWithin(nano, bounds),
    must: `have "${span.name}" take ${describeBounds(bounds)}`,
    expected: describeBounds(bounds),
    actual: msText(nano),
    notes: new Map([
      [span.spanId, [`takes: ${msText(nano)}, ${must} be ${describeBounds(bounds)}`]],
    ]),
  });
}
