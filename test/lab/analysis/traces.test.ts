import { expect, test } from 'vitest';
import { readTraces } from '../../../lab/analysis/traces.ts';
import type { Attributes, Span } from '../../../traces/span.ts';
import { startUnixMs, syntheticRun } from '../syntheticRun.ts';

const { run } = syntheticRun({ baselineMs: 0, pausesMs: 0 });

let spanIds = 0;

/** Times in ms since the run began. */
function span(
  kind: Span['kind'],
  parentSpanId: string,
  [startMs, endMs]: readonly [number, number],
  attributes: Attributes = {},
): Span {
  const nano = (ms: number) => BigInt(startUnixMs) * 1_000_000n + BigInt(Math.round(ms * 1e6));
  return {
    traceId: 'trace',
    spanId: `span${++spanIds}`,
    parentSpanId,
    name: kind,
    kind,
    startUnixNano: nano(startMs),
    endUnixNano: nano(endMs),
    attributes,
    events: [],
    links: [],
    status: { code: 'unset', message: '' },
    traceState: '',
    flags: 1,
    resource: { attributes: { 'service.name': 'user' } },
    scope: { name: '', version: '' },
  };
}

const root = (attributes: Attributes = {}) =>
  span('client', '', [10, 50], {
    'aftershock.load.phase': 'pauses',
    'aftershock.load.late_ms': 2,
    'http.response.status_code': 200,
    ...attributes,
  });

test('readTraces() counts latency from the intended time, arrival from the sending', () => {
  const client = root();
  const server = span('server', client.spanId, [13, 49], { 'aftershock.queue.wait_ms': 4 });
  const [request] = readTraces(run, [server, client]).requests;
  expect(request).toMatchObject({ intendedMs: 10, latencyMs: 40, failed: false, dropped: false });
  expect(request?.calls[0]?.attempts[0]?.visit).toEqual({
    service: 'gateway',
    arrivedMs: 12,
    begunMs: 17,
    leftMs: 49,
    handlerMs: 36,
    queueWaitMs: 4,
  });
});

test('readTraces() puts attempts of one call together, by parent and call index', () => {
  const client = root();
  const server = span('server', client.spanId, [13, 49]);
  const call = (times: readonly [number, number], index: number, attributes: Attributes) =>
    span('client', server.spanId, times, {
      'aftershock.call.to': 'auth',
      'aftershock.call.index': index,
      ...attributes,
    });
  const ok = { 'http.response.status_code': 200 };
  const spans = [
    call([30, 40], 0, { ...ok, 'http.request.resend_count': 1 }),
    call([14, 24], 0, { 'error.type': 'timeout', 'aftershock.timeout.verdict': 'spurious' }),
    call([15, 20], 1, { 'http.response.status_code': 503, 'error.type': '503' }),
    server,
    client,
  ];
  const [, first, second] = readTraces(run, spans).requests[0]?.calls ?? [];
  expect(first).toMatchObject({ service: 'auth', startMs: 14, endMs: 40, failed: false });
  expect(
    first?.attempts.map(({ failed, timedOut, timeoutVerdict }) => [
      failed,
      timedOut,
      timeoutVerdict,
    ]),
  ).toEqual([
    [true, true, 'spurious'],
    [false, false, null],
  ]);
  expect(second).toMatchObject({ failed: true, attempts: [{ timedOut: false }] });
});

test('readTraces() lets an attempt that no handler saw end with its caller', () => {
  const client = root();
  const visit = readTraces(run, [client]).requests[0]?.calls[0]?.attempts[0]?.visit;
  expect(visit).toMatchObject({ arrivedMs: 12, begunMs: null, leftMs: 50, handlerMs: null });
});

test.each([
  { when: 'the status is 200', attributes: {}, failed: false },
  { when: 'the status is 404', attributes: { 'http.response.status_code': 404 }, failed: true },
  { when: 'there is an error type', attributes: { 'error.type': 'ECONNRESET' }, failed: true },
  { when: 'there is no status', attributes: { 'http.response.status_code': null }, failed: true },
])('readTraces() says failed = $failed when $when', ({ attributes, failed }) => {
  expect(readTraces(run, [root(attributes)]).requests[0]?.failed).toBe(failed);
});

test('readTraces() keeps a dropped request as one that had no call and no end', () => {
  const [request] = readTraces(run, [root({ 'error.type': 'dropped' })]).requests;
  expect(request).toMatchObject({ dropped: true, latencyMs: Number.POSITIVE_INFINITY, calls: [] });
});

test('readTraces() leaves out traces without a root span of the load, and database spans', () => {
  const byHand = span('server', '', [10, 20]);
  expect(readTraces(run, [byHand]).requests).toEqual([]);
  const client = root();
  const server = span('server', client.spanId, [13, 49]);
  const query = span('client', server.spanId, [20, 21], { 'db.system.name': 'sqlite' });
  expect(readTraces(run, [client, server, query]).requests[0]?.calls).toHaveLength(1);
});

test('readTraces() reads pauses, and takes the measured length from the monotonic clock', () => {
  const pause = span('internal', '', [100, 225], {
    'aftershock.pause.kind': 'gc',
    'aftershock.pause.phase': 'check',
    'aftershock.pause.sequence': 3n,
    'aftershock.pause.requested_ms': 120,
    'aftershock.pause.measured_ms': 124.5,
  });
  expect(readTraces(run, [pause]).pauses).toEqual([
    {
      service: 'user',
      kind: 'gc',
      phase: 'check',
      sequence: 3,
      requestedMs: 120,
      measuredMs: 124.5,
      startMs: 100,
      endMs: 225,
    },
  ]);
});
