import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Generator, type GeneratorOptions, type Outcome } from '../../lab/load/generator.ts';
import { arrivals, sendTimes } from '../../lab/load/schedule.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function constant(rate: number, durationMs: number): Float64Array {
  return sendTimes({ rate, arrivals: 'constant' }, durationMs, () => 0);
}

function generator(origin: string, options: Partial<GeneratorOptions> = {}) {
  const outcomes: Outcome[] = [];
  const paths: string[] = [];
  const made = new Generator({
    origin,
    nextPath: () => '/x',
    sendTimes: constant(100, 100),
    durationMs: 100,
    startMs: performance.now(),
    timeoutMs: 5000,
    maxInFlight: 1000,
    observer: {
      begin: (_intendedMs, path) => {
        paths.push(path);
        return { headers: { 'x-trace': `${paths.length}` }, end: (o) => outcomes.push(o) };
      },
    },
    ...options,
  });
  return { generator: made, outcomes };
}

test('a Generator sends every request of its schedule, with the observer’s headers', async () => {
  const seen: unknown[] = [];
  const origin = await serve((request, response) => {
    seen.push([request.url, request.headers['x-trace']]);
    response.end('{}');
  });
  let n = 0;
  const { generator: load, outcomes } = generator(origin, { nextPath: () => `/users/${++n}` });
  const snapshot = await load.play();
  expect(snapshot).toMatchObject({ intended: 10, sent: 10, dropped: 0, succeeded: 10, failed: 0 });
  expect(seen.toSorted()).toEqual(
    Array.from({ length: 10 }, (_, i) => [`/users/${i + 1}`, `${i + 1}`]).toSorted(),
  );
  expect(outcomes).toHaveLength(10);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: 200, errorType: null });
    expect(outcome.sentMs).toBeGreaterThanOrEqual(outcome.intendedMs);
  }
});

test('a stalled server shows in the percentiles: no coordinated omission', async () => {
  const stallMs = 400;
  let stalled = false;
  const origin = await serve((_request, response) => {
    // The one thread of the server stops once, as in a collection; all that arrive meanwhile wait.
    // It shares its thread with the generator here, so that the generator is late as well: the
    // latency has to count from the intended time all the same.
    if (!stalled) {
      stalled = true;
      const until = performance.now() + stallMs;
      while (performance.now() < until);
    }
    response.end();
  });
  const { generator: load } = generator(origin, { sendTimes: constant(200, 1000) });
  const { latencyMs, lateMs, intended } = await load.play();
  expect(intended).toBe(200);
  // 80 of 200 requests were due during the stall: evenly from 0 to 400 ms of waiting. A closed
  // loop would have seen one slow request among 200, and a P99 of next to nothing.
  expect(latencyMs.p99).toBeGreaterThan(stallMs * 0.9);
  expect(latencyMs.max).toBeGreaterThan(stallMs * 0.95);
  expect(lateMs.p99).toBeGreaterThan(stallMs * 0.9);
});

test('requests beyond maxInFlight are dropped and counted', async () => {
  const waiting: (() => void)[] = [];
  const origin = await serve((_request, response) => {
    waiting.push(() => response.end());
    if (waiting.length < 3) return;
    setTimeout(() => {
      for (const answer of waiting) answer();
    }, 300);
  });
  const { generator: load, outcomes } = generator(origin, { maxInFlight: 3 });
  const snapshot = await load.play();
  expect(snapshot).toMatchObject({ intended: 10, sent: 3, dropped: 7, succeeded: 3, failed: 7 });
  const dropped = outcomes.filter(({ errorType }) => errorType === 'dropped');
  expect(dropped).toHaveLength(7);
  for (const outcome of dropped) expect(outcome.sentMs).toBeNull();
});

test('a request without an answer counts with the time until its time-out', async () => {
  const origin = await serve(() => {});
  const { generator: load, outcomes } = generator(origin, { timeoutMs: 150 });
  const snapshot = await load.play();
  expect(snapshot).toMatchObject({ sent: 10, succeeded: 0, failed: 10, timedOut: 10 });
  expect(snapshot.latencyMs.p50).toBeGreaterThan(149);
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ status: null, errorType: 'timeout' });
});

test('an answer that stops half-way, or a connection refused, is a failure with its code', async () => {
  const origin = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half', () => response.destroy());
  });
  const cut = generator(origin, { sendTimes: constant(10, 100) });
  await cut.generator.play();
  expect(cut.outcomes).toMatchObject([{ status: 200, errorType: 'ECONNRESET' }]);

  const refused = generator('http://127.0.0.1:1', { sendTimes: constant(10, 100) });
  await refused.generator.play();
  expect(refused.outcomes).toMatchObject([{ status: null, errorType: 'ECONNREFUSED' }]);
});

test('an error status is a failure that names it', async () => {
  const origin = await serve((_request, response) => response.writeHead(503).end());
  const { generator: load, outcomes } = generator(origin, { sendTimes: constant(10, 100) });
  expect(await load.play()).toMatchObject({ succeeded: 0, failed: 1, timedOut: 0 });
  expect(outcomes).toMatchObject([{ status: 503, errorType: '503' }]);
});

test('halt() sends nothing more and waits for the open requests', async () => {
  let answer = () => {};
  const origin = await serve((_request, response) => {
    answer = () => response.end();
    load.halt(5000);
    setTimeout(() => answer(), 50);
  });
  const { generator: load, outcomes } = generator(origin, { sendTimes: constant(1, 60_000) });
  expect(await load.play()).toMatchObject({ intended: 1, sent: 1, succeeded: 1 });
  expect(outcomes).toHaveLength(1);
});

test('halt() gives up what is still open when its patience ends', async () => {
  const origin = await serve(() => load.halt(50));
  const { generator: load, outcomes } = generator(origin, { timeoutMs: 60_000 });
  expect(await load.play()).toMatchObject({ intended: 1, sent: 1, failed: 1, timedOut: 0 });
  expect(outcomes).toMatchObject([{ status: null, errorType: 'halted' }]);
});

test('an empty schedule is played at once', async () => {
  const { generator: load } = generator('http://127.0.0.1:1', { sendTimes: new Float64Array() });
  expect(await load.play()).toMatchObject({ intended: 0, latencyMs: { p50: 0, max: 0 } });
});

test('lap() gives what there was since the last one, and forgets it', async () => {
  const origin = await serve((request, response) => {
    response.writeHead(request.url === '/bad' ? 503 : 200).end();
  });
  let n = 0;
  const { generator: load } = generator(origin, {
    nextPath: () => (n++ === 0 ? '/bad' : '/x'),
    sendTimes: arrivals({ rate: 100, arrivals: 'constant' }, Number.POSITIVE_INFINITY, () => 0),
    durationMs: Number.POSITIVE_INFINITY,
  });
  const done = load.play();
  await expect.poll(() => load.snapshot().succeeded).toBeGreaterThan(5);
  const first = load.lap();
  expect(first).toMatchObject({ failed: 1, errors: { 503: 1 } });
  expect(load.snapshot()).toMatchObject({
    intended: 0,
    failed: 0,
    latencyMs: { max: 0 },
    errors: {},
  });
  await expect.poll(() => load.snapshot().succeeded).toBeGreaterThan(0);
  load.halt(1000);
  await done;
  const rest = load.lap();
  expect(first.intended + rest.intended).toBe(n);
  expect(first.succeeded + first.failed + rest.succeeded + rest.failed).toBe(n);
});

test('requests later than maxLateMs are dropped, unobserved, and the load goes on', async () => {
  const origin = await serve((_request, response) => response.end());
  // As if the process had been stopped for an hour.
  const { generator: load, outcomes } = generator(origin, {
    startMs: performance.now() - 3_600_000,
    sendTimes: arrivals({ rate: 10, arrivals: 'constant' }, 3_600_500, () => 0),
    durationMs: 3_600_500,
    maxLateMs: 5000,
  });
  const { intended, sent, dropped, failed } = await load.play();
  expect({ intended, failed }).toEqual({ intended: 36_005, failed: dropped });
  expect(sent).toBeGreaterThan(45);
  expect(sent).toBeLessThan(60);
  expect(outcomes).toHaveLength(sent);
});

test('a Generator hands on when an answer was sent, by its sender', async () => {
  const origin = await serve((_request, response) => {
    response.setHeader('x-sent-unix-us', '1700000000123456').end();
  });
  const { generator: load, outcomes } = generator(origin, { sendTimes: constant(10, 100) });
  await load.play();
  expect(outcomes).toMatchObject([{ answerSentUnixMs: 1700000000123.456 }]);
});
