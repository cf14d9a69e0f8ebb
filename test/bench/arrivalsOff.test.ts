import { expect, test } from 'vitest';
import { arrivalsOffMs } from '../../bench/support/arrivalsOff.ts';
import type { Attributes, Span, SpanKind } from '../../traces/span.ts';

function span(
  name: string,
  kind: SpanKind,
  [startMs, endMs]: readonly [number, number],
  told: Attributes = {},
): Span {
  return {
    traceId: 'a'.repeat(32),
    spanId: kind === 'client' ? 'c' : name,
    parentSpanId: kind === 'client' ? '' : 'c',
    name,
    kind,
    startUnixNano: BigInt(startMs * 1e6),
    endUnixNano: BigInt(endMs * 1e6),
    attributes: Object.fromEntries(
      Object.entries(told).map(([key, value]) => [`aftershock.${key}`, value]),
    ),
    events: [],
    links: [],
    status: { code: 'unset', message: '' },
    traceState: 'aftershock=h:1;t:1000',
    flags: 257,
    resource: { attributes: {} },
    scope: { name: 'test', version: '' },
  };
}

test.each([
  { what: 'nothing', want: [] },
  { what: 'a request on its way', server: { 'server.transit_ms': 11 }, want: [2] },
  { what: 'a wait for a core', queue: { 'server.wait_core_ms': 3 }, want: [-1] },
  { what: 'a wait while the loop was busy', queue: {}, want: [] },
  { what: 'an answer on its way', call: { 'client.transit_ms': 12 }, want: [-3] },
  {
    what: 'an answer on its way for longer than there is',
    call: { 'client.transit_ms': 99 },
    want: [5],
  },
  {
    what: 'an answer that waited for a core',
    call: { 'client.busy_ms': 6, 'client.busy_core_ms': 5, 'client.transit_ms': 14 },
    want: [-1],
  },
  { what: 'an answer to a busy loop', call: { 'client.busy_ms': 6 }, want: [] },
])('arrivalsOffMs() where spans tell of $what', ({ call, server, queue, want }) => {
  const spans = [
    span('GET', 'client', [0, 40], call),
    span('handle', 'server', [13, 20], server),
    ...(queue ? [span('server.queue', 'internal', [9, 13], queue)] : []),
  ];
  const tapped = [{ callId: 'c', sentUnixMs: 10, answeredUnixMs: 35 }];
  expect(arrivalsOffMs(spans, tapped, (nano) => Number(nano) / 1e6)).toEqual(want);
});
