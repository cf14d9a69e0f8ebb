import { serviceOf } from './service.ts';
import type { Span } from './span.ts';
import type { Trace } from './trace.ts';
import type { UnmetRule } from './traceIncompleteError.ts';

/**
 * Whether the callee of a client span records spans of its own, as far as the span can say: it made
 * an HTTP or RPC request that was not refused before it got there.
 */
export function hasInstrumentedPeer({ attributes }: Span): boolean {
  const isCall =
    attributes['http.request.method'] !== undefined ||
    attributes['http.method'] !== undefined ||
    attributes['rpc.system'] !== undefined ||
    attributes['rpc.system.name'] !== undefined;
  const type = attributes['error.type'];
  return (
    isCall &&
    !(typeof type === 'string' && /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/.test(type))
  );
}

/** By structure: there is a root, every parent, and the server span of every client span. */
export function structureFaults(
  trace: Trace,
  isInstrumented: (clientSpan: Span) => boolean,
): UnmetRule[] {
  const found: UnmetRule[] = [];
  const { root, orphans, options } = trace;
  const add = (message: string, spans: readonly Span[] = []) =>
    found.push({ rule: 'structure', message, spanIds: spans.map(({ spanId }) => spanId) });
  if (root === null) {
    add('no span has come; was the request sent with this traceparent, and sampled?');
    return found;
  }
  const entered = trace.spans.some((span) => span.parentSpanId === options.remoteParentId);
  if (
    options.remoteParentId !== undefined &&
    !entered &&
    trace.get(options.remoteParentId) === null
  ) {
    add(
      `no span has the injected parent ${options.remoteParentId}: the first server span is missing`,
    );
  }
  for (const span of orphans) {
    add(`the parent ${span.parentSpanId} of ${serviceOf(span)} "${span.name}" is missing`, [span]);
  }
  for (const span of missingServerSpans(trace, isInstrumented)) {
    add(
      `the server span of ${serviceOf(span)} "${span.name}" is missing; if its peer is not ` +
        'instrumented, say so by `isInstrumented`',
      [span],
    );
  }
  return found;
}

/** Client spans without a server span below them, though their peer records spans. */
export function missingServerSpans(
  trace: Trace,
  isInstrumented: (clientSpan: Span) => boolean = hasInstrumentedPeer,
): Span[] {
  return trace.views
    .filter(
      ({ span, node }) =>
        span.kind === 'client' &&
        !node.children.some((child) => child.span.kind === 'server') &&
        isInstrumented(span),
    )
    .map(({ span }) => span);
}

/** By count: as many spans of each service as it has ended. */
export function countFaults(
  spans: readonly Span[],
  ended: Readonly<Record<string, number>>,
): UnmetRule[] {
  return Object.entries(ended).flatMap(([service, want]) => {
    const has = spans.filter((span) => serviceOf(span) === service).length;
    if (has >= want) return [];
    const message = `${service} has ended ${want} span${want === 1 ? '' : 's'}; ${has} came`;
    return { rule: 'count' as const, message, spanIds: [] };
  });
}
