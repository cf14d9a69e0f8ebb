import type { Span } from '../../traces/span.ts';

/** A span by what matters for its place in a trace; times in nanoseconds. */
export function span(spanId: string, parentSpanId: string, start: number, end = start + 1): Span {
  return {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId,
    parentSpanId,
    name: spanId,
    kind: 'internal',
    startUnixNano: BigInt(start),
    endUnixNano: BigInt(end),
    attributes: {},
    events: [],
    links: [],
    status: { code: 'unset', message: '' },
    traceState: '',
    flags: 0,
    resource: { attributes: {} },
    scope: { name: '', version: '' },
  };
}

/** The same with times in milliseconds, and whatever else matters. */
export function msSpan(
  spanId: string,
  parentSpanId: string,
  startMs: number,
  endMs: number,
  more: Partial<Omit<Span, 'status'>> & {
    readonly service?: string;
    readonly status?: Span['status']['code'];
  } = {},
): Span {
  const { service, status, ...rest } = more;
  return {
    ...span(spanId, parentSpanId, startMs * 1e6, endMs * 1e6),
    ...(service !== undefined && { resource: { attributes: { 'service.name': service } } }),
    ...(status !== undefined && { status: { code: status, message: '' } }),
    ...rest,
  };
}
