import type { Span } from '../span.ts';
import { missingServerSpans } from '../wholeness.ts';
import { traceOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

/** @param isInstrumented whether the peer records spans. Default: of HTTP and RPC requests that got there. */
export function toHaveNoMissingServerSpans(
  this: MatcherContext,
  received: unknown,
  isInstrumented?: (clientSpan: Span) => boolean,
): MatcherResult {
  const trace = traceOf(received);
  const missing = missingServerSpans(trace, isInstrumented);
  return report(this, trace, 'toHaveNoMissingServerSpans', {
    pass: missing.length === 0,
    must: 'have the server span of every request',
    expected: 'every server span',
    actual: missing.length === 0 ? 'every server span' : `${missing.length} missing`,
    notes: new Map(missing.map(({ spanId }) => [spanId, ['its server span is missing']])),
  });
}
