import type { ExportedSpan } from '../../traces/source/inProcess.ts';
import type { Span } from '../../traces/span.ts';

/** A span as the SDK hands it to an exporter. */
export function exportedSpan(span: Span): ExportedSpan {
  const { traceId, spanId, parentSpanId, events, links, status, resource, scope } = span;
  return {
    name: span.name,
    kind: ['internal', 'server', 'client', 'producer', 'consumer'].indexOf(span.kind),
    spanContext: () => ({
      ...context(traceId, spanId, span.traceState),
      traceFlags: span.flags,
    }),
    ...(parentSpanId !== '' && { parentSpanContext: context(traceId, parentSpanId, '') }),
    startTime: hrTime(span.startUnixNano),
    endTime: hrTime(span.endUnixNano),
    status: { code: ['unset', 'ok', 'error'].indexOf(status.code), message: status.message },
    attributes: span.attributes as ExportedSpan['attributes'],
    events: events.map(({ name, timeUnixNano, attributes }) => ({
      name,
      time: hrTime(timeUnixNano),
      attributes: attributes as ExportedSpan['attributes'],
    })),
    links: links.map((link) => ({
      context: context(link.traceId, link.spanId, link.traceState),
      attributes: link.attributes as ExportedSpan['attributes'],
    })),
    resource,
    instrumentationScope: scope,
  };
}

function context(traceId: string, spanId: string, traceState: string) {
  const state = { serialize: () => traceState } as NonNullable<
    ReturnType<ExportedSpan['spanContext']>['traceState']
  >;
  return { traceId, spanId, traceFlags: 1, ...(traceState !== '' && { traceState: state }) };
}

function hrTime(unixNano: bigint): [number, number] {
  return [Number(unixNano / 1_000_000_000n), Number(unixNano % 1_000_000_000n)];
}
