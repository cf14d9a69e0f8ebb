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
