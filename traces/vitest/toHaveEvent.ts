import { type EventPattern, eventDifferences, show } from '../pattern.ts';
import { describeDifferences } from './nearest.ts';
import { viewOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export function toHaveEvent(
  this: MatcherContext,
  received: unknown,
  event: string | EventPattern,
): MatcherResult {
  const { trace, span } = viewOf(received);
  const pattern = typeof event === 'string' ? { name: event } : event;
  const misses = eventDifferences(span, pattern);
  return report(this, trace, 'toHaveEvent', {
    pass: misses.length === 0,
    must: `have on "${span.name}" an event ${show(pattern)}`,
    expected: show(pattern),
    actual: show(span.events.map(({ name, attributes }) => ({ name, attributes }))),
    notes: new Map([[span.spanId, [describeDifferences(misses) || 'has such an event']]]),
  });
}
