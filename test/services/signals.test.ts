import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { countCollections } from '../../pauses/collections.ts';
import { startMetrics } from '../../services/kit/metrics.ts';
import { serviceResource } from '../../services/kit/resource.ts';
import { SpanQueue } from '../../services/kit/spanQueue.ts';
import { launch as launchService, ready, type ServiceProcess } from './serviceProcess.ts';
import { type Point, type Received, startSignalCollector } from './signalCollector.ts';
import { callStep, meshOf, service, stub } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'aftershock-signals-'));
const meshPath = join(folder, 'mesh.json');
const block = {
  service: 'user',
  kind: 'block',
  duration: { type: 'constant', value: 30 },
  every: { type: 'fixed', value: 50 },
  once: null,
  phase: 'poll',
} as const;
writeFileSync(
  meshPath,
  JSON.stringify({
    ...meshOf({
      user: service('user', { concurrency: 1 }),
      relay: service('relay', { script: [callStep('user', { retries: 1 })] }),
    }),
    pauses: [block],
  }),
);
afterAll(() => rmSync(folder, { recursive: true }));

const children: ChildProcess[] = [];
const stops: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const stop of stops.splice(0)) stop();
});

const everything = {
  OTEL_SDK_DISABLED: 'false',
  OTEL_METRICS_EXPORTER: 'otlp',
  OTEL_LOGS_EXPORTER: 'otlp',
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
};

async function collector() {
  const started = await startSignalCollector();
  stops.push(started.stop);
  return started;
}

function launch(name: 'user' | 'relay', env: Record<string, string>): ServiceProcess {
  const started = launchService(name, meshPath, env);
  children.push(started.child);
  return started;
}

async function stopped(process: ServiceProcess) {
  process.child.kill('SIGTERM');
  expect(await process.ended).toEqual({ code: 0, signal: null });
  const last = process.said.at(-1);
  if (last?.type !== 'stopped') throw new Error(`Not stopped: ${JSON.stringify(last)}`);
  return last.stats;
}

function point({ metrics }: Received, name: string, attributes: Record<string, unknown> = {}) {
  const found = metrics
    .get(name)
    ?.points.filter((candidate) =>
      Object.entries(attributes).every(([key, value]) => candidate.attributes[key] === value),
    );
  return found?.length === 1 ? found[0] : found;
}

test('metrics have the names, units and attributes of the conventions', async () => {
  const { url, received } = await collector();
  const user = launch('user', { ...everything, OTEL_EXPORTER_OTLP_ENDPOINT: url });
  const { url: userUrl } = await ready(user);
  for (const path of ['/users/1', '/users/2', '/users/999999', '/nowhere']) {
    await (await fetch(`${userUrl}${path}`)).text();
  }
  const stats = await stopped(user);

  const shared = {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'network.protocol.version': '1.1',
  };
  const duration = received.metrics.get('http.server.request.duration');
  expect(duration).toMatchObject({ unit: 's', type: 'histogram' });
  expect(duration?.points.map(({ attributes, count }) => ({ ...attributes, count }))).toEqual([
    { ...shared, 'http.route': '/users/:id', 'http.response.status_code': 200, count: 2 },
    { ...shared, 'http.route': '/users/:id', 'http.response.status_code': 404, count: 1 },
    { ...shared, 'http.response.status_code': 404, count: 1 },
  ]);
  expect(duration?.points[0]?.bounds).toEqual([
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  ]);
  expect(point(received, 'aftershock.server.queue.duration')).toMatchObject({ count: 3 });

  const { ended } = stats.spans;
  const component = (type: string) => ({
    'otel.component.type': type,
    'otel.component.name': `${type}/0`,
  });
  expect(ended).toBe(7);
  expect(point(received, 'otel.sdk.span.started')).toMatchObject({ value: ended });
  expect(point(received, 'otel.sdk.span.live')).toMatchObject({ value: 0 });
  expect(point(received, 'otel.sdk.processor.span.queue.size')).toMatchObject({ value: 0 });
  expect(point(received, 'otel.sdk.processor.span.queue.capacity')).toMatchObject({ value: 32768 });
  expect(point(received, 'otel.sdk.processor.span.processed')).toMatchObject({
    value: ended,
    attributes: component('batching_span_processor'),
  });
  expect(point(received, 'otel.sdk.exporter.span.exported')).toMatchObject({
    value: ended,
    attributes: component('otlp_http_exporter'),
  });
  expect(point(received, 'otel.sdk.exporter.span.inflight')).toMatchObject({ value: 0 });

  for (const [name, unit, type] of [
    ['nodejs.eventloop.utilization', '1', 'gauge'],
    ['nodejs.eventloop.time', 's', 'sum'],
    ['v8js.memory.heap.used', 'By', 'gauge'],
    ['v8js.memory.heap.space.size', 'By', 'sum'],
  ] as const) {
    expect(received.metrics.get(name), name).toMatchObject({ unit, type });
  }
  for (const resource of [received.resources.metrics, received.resources.logs]) {
    expect(resource).toEqual(received.resources.traces);
  }
  expect(received.resources.metrics).toMatchObject({
    'service.name': 'user',
    'deployment.environment.name': 'test',
    'service.instance.id': expect.any(String),
  });
});

test('every collection is in v8js.gc.duration', async () => {
  const { url, received } = await collector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url);
  const queue = new SpanQueue({ serialize: () => new Uint8Array(), send: vi.fn() });
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const counter = countCollections();
  const metrics = startMetrics({
    resource: serviceResource('test'),
    spans: () => queue.flow(),
    intervalMs: 60_000,
    timeoutMs: 3000,
  });
  // Several in one turn come in one batch, two turns later.
  for (let i = 0; i < 10; i++) collect();
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  await metrics.stop();
  const { natural, forced } = counter.counts();
  counter.stop();
  expect(received.metrics.get('v8js.gc.duration')).toMatchObject({ unit: 's', type: 'histogram' });
  const { count } = point(received, 'v8js.gc.duration', { 'v8js.gc.type': 'major' }) as Point;
  expect(count).toBeGreaterThanOrEqual(forced.count);
  expect(count).toBeLessThanOrEqual(forced.count + natural.count);
});

test('every attempt of a call is measured, the failed ones by what failed', async () => {
  const { url, received } = await collector();
  const relay = launch('relay', {
    ...everything,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    AFTERSHOCK_PEERS: '{"user":"http://127.0.0.1:9"}',
  });
  const { url: relayUrl } = await ready(relay);
  expect((await fetch(`${relayUrl}/relay/1`)).status).toBe(502);
  await stopped(relay);
  expect(point(received, 'http.client.request.duration')).toMatchObject({
    count: 2,
    attributes: {
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'server.port': 9,
      'error.type': 'ECONNREFUSED',
    },
  });
  expect(point(received, 'http.server.request.duration')).toMatchObject({
    count: 1,
    attributes: { 'http.response.status_code': 502, 'error.type': '502' },
  });
});

test('AFTERSHOCK_PAUSES=start: pauses begin with the first request, and hit others', async () => {
  const { url, received } = await collector();
  const user = launch('user', {
    ...everything,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    AFTERSHOCK_PAUSES: 'start',
  });
  const { url: userUrl, adminUrl } = await ready(user);
  const pauses = async () =>
    ((await (await fetch(`${adminUrl}/stats`)).json()) as { pauses: number }).pauses;
  expect(await pauses()).toBe(0);
  let made = 0;
  while (made < 5) {
    // Many for each time that it is asked: a pause while it answers that hits no request.
    for (let i = 0; i < 20; i++) {
      const nowMicros = Math.round((performance.timeOrigin + performance.now()) * 1000);
      await fetch(`${userUrl}/users/1`, {
        headers: { tracestate: `aftershock=h:1;t:${nowMicros}` },
      });
    }
    made = await pauses();
  }
  const stats = await stopped(user);
  const lines = (await user.log)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toContainEqual(
    expect.objectContaining({
      msg: 'Pauses started',
      pauses: [expect.objectContaining({ kind: 'block' })],
    }),
  );
  const kind = { 'aftershock.pause.kind': 'block' };
  expect(point(received, 'aftershock.pause.duration', kind)).toMatchObject({ count: stats.pauses });
  // One request at a time, and nearly all the time there is one.
  const victims = received.metrics.get('aftershock.pause.victims')?.points[0]?.value ?? 0;
  expect(victims).toBeGreaterThan(0);
  expect(victims).toBeLessThanOrEqual(stats.pauses);
  const told = received.logs.filter(({ body }) => body === 'Paused');
  expect(told).toHaveLength(stats.pauses);
  const spans = received.spans.filter(({ name }) => name === 'pause block');
  expect(told.map(({ spanId }) => spanId).toSorted()).toEqual(
    spans.map(({ spanId }) => spanId).toSorted(),
  );
});

test('what is logged is exported to the last line, in its trace', async () => {
  const { url, received } = await collector();
  const user = launch('user', {
    ...everything,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    LOG_LEVEL: 'debug',
    // However busy the machine is, the request is no slow one.
    AFTERSHOCK_SLOW_REQUEST_MS: '0',
  });
  const { url: userUrl } = await ready(user);
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  await (await fetch(`${userUrl}/users/1`, { headers: { traceparent } })).text();
  await stopped(user);
  const lines = (await user.log)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(received.logs.map(({ body }) => body)).toEqual(lines.map(({ msg }) => msg));
  expect(received.logs.at(-1)).toMatchObject({ body: 'Stopped', severityNumber: 9 });
  const line = lines.find(({ msg }) => msg === 'Answered');
  expect(line).toMatchObject({ service: 'user', env: 'test', trace_id: 'a'.repeat(32) });
  expect(received.logs.find(({ body }) => body === 'Answered')).toEqual({
    body: 'Answered',
    severityNumber: 5,
    severityText: 'debug',
    timeUnixNano: String(BigInt(Date.parse(line.ts)) * 1_000_000n),
    traceId: line.trace_id,
    spanId: line.span_id,
    attributes: {
      method: 'GET',
      url: '/users/1',
      route: '/users/:id',
      status: 200,
      sent: true,
      tookMs: line.tookMs,
    },
  });
});

test('no span is lost while the collector is away, and requests do not notice', async () => {
  const away = await collector();
  const user = launch('user', {
    OTEL_SDK_DISABLED: 'false',
    OTEL_EXPORTER_OTLP_ENDPOINT: away.url,
    OTEL_BSP_SCHEDULE_DELAY: '10',
    OTEL_BSP_EXPORT_TIMEOUT: '1000',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4',
  });
  const { url } = await ready(user);
  const requests = async () => {
    for (let i = 0; i < 10; i++) expect((await fetch(`${url}/users/1`)).status).toBe(200);
  };
  for (const trouble of ['hanging', 'unavailable'] as const) {
    const attempt = away.nextAttempt(trouble);
    await requests();
    await attempt;
  }
  await away.close();
  await requests();
  await away.open();
  const { spans } = await stopped(user);
  expect(spans).toEqual({ ended: spans.ended, exported: spans.ended, dropped: 0 });
  expect(spans.ended).toBe(60);
  expect(new Set(away.received.spans.map(({ spanId }) => spanId)).size).toBe(spans.ended);
  const log = await user.log;
  expect(log).toContain('Spans wait, the collector does not take them');
  expect(log).not.toContain('Spans lost');
});

test('a collector that never answers does not make the end of a service unclean', async () => {
  const { url, server } = await stub(() => {});
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const user = launch('user', {
    ...everything,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_BSP_EXPORT_TIMEOUT: '200',
    OTEL_BLRP_EXPORT_TIMEOUT: '200',
  });
  await ready(user);
  await stopped(user);
  expect(await user.log).toContain('Log lines not exported: not acknowledged within 200 ms');
});
