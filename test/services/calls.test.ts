import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Call } from '../../mesh/mesh.ts';
import { Attribute } from '../../services/kit/attributes.ts';
import { backoffMs } from '../../services/kit/call.ts';
import { deadlineHeader, readDeadline, refuseExpired } from '../../services/kit/deadline.ts';
import type { RunningService } from '../../services/kit/service.ts';
import type { SpanTreePattern } from '../../traces/vitest/index.ts';
import { traceMatchers } from '../../traces/vitest/index.ts';
import { callStep, meshOf, service, startServices, startTestTelemetry, stub } from './support.ts';

expect.extend(traceMatchers);

const telemetry = startTestTelemetry();
afterAll(() => telemetry.stop());
beforeEach(() => telemetry.reset());

test.each([
  { resends: 1, random: 0.5, want: 10 },
  { resends: 2, random: 0.5, want: 20 },
  { resends: 3, random: 0.5, want: 40 },
  { resends: 1, random: 0, want: 8 },
  { resends: 3, random: 0.75, want: 44 },
])(
  'backoffMs() is $want before resend $resends with random $random',
  ({ resends, random, want }) => {
    expect(backoffMs({ base: 10, factor: 2, jitter: 0.2 }, resends, () => random)).toBeCloseTo(
      want,
    );
  },
);

test.each([
  { text: undefined, want: null },
  { text: '1718439730123', want: 1718439730123 },
  { text: '1718439730123.5', want: 1718439730123.5 },
])('readDeadline($text)', ({ text, want }) => {
  expect(readDeadline(text === undefined ? {} : { [deadlineHeader]: text })).toBe(want);
});

test.each(['', 'soon', '-5', '0', '1e99'])('readDeadline() refuses "%s"', (text) => {
  expect(() => readDeadline({ [deadlineHeader]: text })).toThrow(/x-deadline-unix-ms.+got/);
});

test('refuseExpired() lets pass until the deadline, and says by how much it is over', () => {
  refuseExpired(null, 100);
  refuseExpired(100, 99);
  expect(() => refuseExpired(100, 130)).toThrow(/30 ms/);
});

describe('an outgoing call', () => {
  let relay: RunningService | undefined;
  let server: Server | undefined;
  const seen: IncomingMessage[] = [];
  afterEach(async () => {
    await relay?.stop();
    server?.closeAllConnections();
    server?.close();
    seen.splice(0);
  });

  /** A relay whose callee answers with these statuses in turn; 0 is no answer at all. */
  async function setUp(statuses: readonly number[], changes: Partial<Call>): Promise<string> {
    const left = [...statuses];
    const callee = await stub((req: IncomingMessage, res: ServerResponse) => {
      seen.push(req);
      const status = left.shift();
      if (status !== 0) res.writeHead(status ?? 200).end('{}');
    });
    server = callee.server;
    const mesh = meshOf({
      relay: service('relay', { script: [callStep('callee', changes)] }),
      callee: service('relay'),
    });
    const peers = { callee: callee.url };
    ({ relay } = await startServices(mesh, ['relay'], telemetry.telemetry, { peers }));
    return `${relay?.url}/relay/7`;
  }

  /** Attempts of one call, and nothing else, by status or by what failed. */
  function attempts(...outcomes: readonly (number | string)[]): SpanTreePattern {
    return {
      name: 'GET /relay/:id',
      kind: 'server',
      children: outcomes.map((outcome, i) => ({
        kind: 'client',
        attributes: {
          'http.request.resend_count': i === 0 ? undefined : i,
          [typeof outcome === 'number' ? 'http.response.status_code' : 'error.type']: outcome,
          'aftershock.call.index': 0,
        },
      })),
    };
  }

  test('is tried again after 503, 502, 504 and no answer, each attempt with a span', async () => {
    const url = await setUp([503, 502, 504, 0, 200], { retries: 5, timeout: 100 });
    const { response, trace } = await telemetry.send(url, { standIn: true });
    expect(response.status).toBe(200);
    expect(trace).toHaveSpanTree(attempts(503, 502, 504, 'timeout', 200), { mode: 'exact' });
    expect(trace).toHaveRetries({ attempts: 5 });
    const parents = seen.map((req) => String(req.headers.traceparent).split('-')[2]);
    const clients = trace.filter({ kind: 'client' });
    expect(parents).toEqual(clients.map(({ span }) => span.spanId));
  });

  test('says how long opening a connection took, where one had to be', async () => {
    const url = await setUp([], {});
    for (const connectMs of [expect.any(Number), undefined]) {
      const { response, trace } = await telemetry.send(url, { standIn: true });
      await response.text();
      expect(trace.find({ kind: 'client' })).toHaveAttributes({
        [Attribute.clientConnectMs]: connectMs,
      });
    }
  });

  test.each([500, 404, 429])('is not tried again after %i', async (status) => {
    const url = await setUp([status], { retries: 3 });
    const { trace } = await telemetry.send(url, { standIn: true });
    expect(trace).toHaveSpanTree(attempts(status), { mode: 'exact' });
  });

  test('ends with the last attempt’s failure', async () => {
    const url = await setUp([504, 504, 503], { retries: 2 });
    const { response, trace } = await telemetry.send(url, { standIn: true });
    expect(response.status).toBe(503);
    expect(trace).toHaveSpanTree(attempts(504, 504, 503), { mode: 'exact' });
  });

  test('passes its own deadline on, when it is the earlier one', async () => {
    const url = await setUp([], { deadline: 5000 });
    const before = Date.now();
    const theirs = before + 60_000;
    await fetch(url, { headers: { [deadlineHeader]: String(theirs) } });
    const passed = Number(seen[0]?.headers[deadlineHeader]);
    expect(passed).toBeGreaterThanOrEqual(before + 5000);
    expect(passed).toBeLessThan(theirs);
  });

  test('passes its caller’s deadline on, when it is the earlier one', async () => {
    const url = await setUp([], { deadline: 60_000 });
    const theirs = Date.now() + 5000;
    await fetch(url, { headers: { [deadlineHeader]: String(theirs) } });
    expect(seen[0]?.headers[deadlineHeader]).toBe(String(theirs));
  });

  test('passes no deadline on where nobody set one', async () => {
    await fetch(await setUp([], {}));
    expect(seen[0]?.headers[deadlineHeader]).toBeUndefined();
  });

  test('ends at the deadline, though its time-out is longer and retries are left', async () => {
    const url = await setUp([0, 0, 0], { retries: 2, timeout: 10_000, deadline: 80 });
    const { response, trace } = await telemetry.send(url, { standIn: true });
    expect(response.status).toBe(504);
    expect(trace).toHaveSpanTree(attempts('timeout'), { mode: 'exact' });
  });

  test('is not made for a request whose deadline has passed', async () => {
    const url = await setUp([], {});
    const response = await fetch(url, { headers: { [deadlineHeader]: String(Date.now() - 5) } });
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ code: 'deadline-exceeded', service: 'relay' });
    expect(seen).toHaveLength(0);
  });
});

test('parallel calls are made at once and answered in the script’s order', async () => {
  const waiting: ServerResponse[] = [];
  const callee = await stub((req, res) => {
    waiting.push(res);
    // None is answered before all have come.
    if (waiting.length === 3) for (const held of waiting) held.end(JSON.stringify(req.url));
  });
  const calls = ['a', 'b', 'c'];
  const mesh = meshOf({
    gateway: service('gateway', { script: [{ parallel: calls.map((to) => callStep(to)) }] }),
    ...Object.fromEntries(calls.map((to) => [to, service('relay')])),
  });
  const peers = Object.fromEntries(calls.map((to) => [to, callee.url]));
  const { gateway } = await startServices(mesh, ['gateway'], telemetry.telemetry, { peers });
  const { response, trace } = await telemetry.send(`${gateway?.url}/users/5`, { standIn: true });
  expect(await response.json()).toEqual({
    calls: calls.map((to) => ({ to, result: '/relay/5' })),
  });
  const clients = [0, 1, 2].map((index) => ({
    kind: 'client' as const,
    attributes: { 'aftershock.call.index': index },
  }));
  expect(trace).toHaveSpanTree({ kind: 'server', children: clients }, { mode: 'exact' });
  expect(trace).toRunConcurrently(clients);
  await gateway?.stop();
  callee.server.close();
});
