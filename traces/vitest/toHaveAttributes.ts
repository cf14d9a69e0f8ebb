import { type AttributesPattern, attributeDifferences, show } from '../pattern.ts';
import { describeDifferences } from './nearest.ts';
import { viewOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export function toHaveAttributes(
  this: MatcherContext,
  received: unknown,
  attributes: AttributesPattern,
): MatcherResult {
  const { trace, span } = viewOf(received);
  const misses = attributeDifferences('attributes', span.attributes, attributes);
  const has = Object.fromEntries(Object.keys(attributes).map((key) => [key, span.attributes[key]]));
  return report(this, trace, 'toHaveAttributes', {
    pass: misses.length === 0,
    must: `have on "${span.name}" the attributes ${show(attributes)}`,
    expected: show(attributes),
    actual: show(has),
    notes: new Map([[span.spanId, [describeDifferences(misses) || 'has them']]]),
  });
}
