import { expect, test } from 'vitest';
import { latencyParts, sumOf } from '../../bench/support/latencyParts.ts';
import type { Attributes, Span, SpanEvent, SpanKind } from '../../traces/span.ts';

const originNano = 1_700_000_000_000_000_000n;
const usual = new Map([['callee', { out: 0.5, back: 0.5 }]]);

function nano(ms: number): bigint {
  return originNano + BigInt(Math.round(ms * 1e6));
}

interface More {
  readonly attributes?: Attributes;
  readonly pause?: readonly [number, number];
}

function span(
  [spanId, parentSpanId]: readonly [string, string],
  [service, name, kind]: readonly [string, string, SpanKind],
  [startMs, endMs]: readonly [number, number],
  { attributes = {}, pause }: More = {},
): Span {
  const events: SpanEvent[] = pause
    ? [
        {
          name: 'pause',
          timeUnixNano: nano(pause[0]),
          attributes: {
            'aftershock.pause.kind': 'gc',
            'aftershock.pause.overlap_ms': pause[1] - pause[0],
          },
        },
      ]
    : [];
  return {
    traceId: 'a'.repeat(32),
    spanId,
    parentSpanId,
    name,
    kind,
    startUnixNano: nano(startMs),
    endUnixNano: nano(endMs),
    attributes,
    events,
    links: [],
    status: { code: 'unset', message: '' },
    traceState: kind === 'client' ? '' : `aftershock=h:1;t:${nano(1) / 1000n}`,
    flags: 257,
    resource: { attributes: { 'service.name': service } },
    scope: { name: 'test', version: '' },
  };
}

/** The caller stamps its request at 1 ms; the answer is there at 40. */
function trace(call: More, server: More & { from: number; to: number }, others: Span[] = []) {
  return [
    span(['c', ''], ['caller', 'GET', 'client'], [0, 40], call),
    span(['s', 'c'], ['callee', 'GET', 'server'], [server.from, server.to], server),
    ...others,
  ];
}

test.each([
  {
    when: 'both ways were usual',
    spans: trace({}, { from: 1.5, to: 39.5 }),
    want: { work: 1 + 38, queue: 0, pause: 0, network: 1 },
    missing: 0,
  },
  {
    when: 'a way was long and nobody says why',
    spans: trace({}, { from: 11, to: 39.5 }),
    want: { work: 1 + 28.5, queue: 0, pause: 0, network: 1 },
    missing: 9.5,
  },
  {
    when: 'the callee was idle and did not have it',
    spans: trace({}, { from: 11, to: 39.5, attributes: { 'aftershock.server.transit_ms': 9.6 } }),
    want: { work: 1 + 28.5, queue: 0, pause: 0, network: 9.6 + 0.5 },
    missing: 0.4,
  },
  {
    when: 'the callee had no core',
    spans: trace({}, { from: 11, to: 39.5 }, [
      span(['q', 'c'], ['callee', 'server.queue', 'internal'], [4, 11], {
        attributes: { 'aftershock.server.wait_from': 'idle' },
      }),
    ]),
    want: { work: 1 + 28.5, queue: 7, pause: 0, network: 3 + 0.5 },
    missing: 0,
  },
  {
    when: 'the caller paused after its stamp',
    spans: trace(
      { pause: [2, 8] },
      { from: 11, to: 39.5, attributes: { 'aftershock.server.transit_ms': 10 } },
    ),
    want: { work: 1 + 28.5, queue: 0, pause: 6, network: 4 + 0.5 },
    missing: 0,
  },
  {
    when: 'the answer was long on its way, and then lay there',
    spans: trace({ attributes: { 'aftershock.client.busy_ms': 3 } }, { from: 1.5, to: 30 }),
    want: { work: 1 + 28.5, queue: 3, pause: 0, network: 0.5 + 7 },
    missing: 0,
  },
  {
    when: 'the answer was long on its way',
    spans: trace({ attributes: { 'aftershock.client.transit_ms': 9 } }, { from: 1.5, to: 30 }),
    want: { work: 1 + 28.5, queue: 0, pause: 0, network: 0.5 + 9 },
    missing: 1,
  },
  {
    when: 'the handler went on when its answer had been read',
    spans: trace({}, { from: 1.5, to: 60 }),
    want: { work: 1 + 38.5, queue: 0, pause: 0, network: 0.5 },
    missing: 0,
  },
  {
    when: 'the handler began when its caller had given up',
    spans: trace({}, { from: 50, to: 60 }),
    want: { work: 1, queue: 0, pause: 0, network: 0.5 },
    missing: 38.5,
  },
  {
    when: 'a pause was within a query',
    spans: trace({}, { from: 1.5, to: 39.5, pause: [10, 30] }, [
      span(['d', 's'], ['callee', 'SELECT', 'client'], [9, 31], { pause: [10, 30] }),
    ]),
    want: { work: 1 + 18, queue: 0, pause: 20, network: 1 },
    missing: 0,
  },
])('latencyParts() where $when', ({ spans, want, missing }) => {
  const parts = latencyParts(spans, usual);
  if (parts === null) throw new Error('There is no root');
  for (const [part, ms] of Object.entries(want)) {
    expect(parts[part as keyof typeof want], part).toBeCloseTo(ms);
  }
  expect(parts.latency - sumOf(parts)).toBeCloseTo(missing);
});
