import { show } from '../pattern.ts';
import { SpanView } from '../trace.ts';
import { viewOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export interface LinkTarget {
  readonly traceId?: string;
  readonly spanId?: string;
}

/** The span has a link to another one, which may be of another trace. */
export function toBeLinkedTo(
  this: MatcherContext,
  received: unknown,
  target: SpanView | LinkTarget,
): MatcherResult {
  const { trace, span } = viewOf(received);
  const { traceId, spanId } = target instanceof SpanView ? target.span : target;
  if (traceId === undefined && spanId === undefined) {
    throw new TypeError('toBeLinkedTo needs a span, or its traceId or spanId');
  }
  const pass = span.links.some(
    (link) =>
      (traceId === undefined || link.traceId === traceId) &&
      (spanId === undefined || link.spanId === spanId),
  );
  const wanted = `trace ${traceId ?? '(any)'}, span ${spanId ?? '(any)'}`;
  const links = span.links.map((link) => `trace ${link.traceId}, span ${link.spanId}`);
  return report(this, trace, 'toBeLinkedTo', {
    pass,
    must: `have on "${span.name}" a link to ${wanted}`,
    expected: wanted,
    actual: links.length === 0 ? 'no links' : show(links),
    notes: new Map([[span.spanId, [`has ${links.length} links`]]]),
  });
}
