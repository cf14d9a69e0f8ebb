import { once } from 'node:events';
import { connect } from 'node:net';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Mesh } from '../../mesh/mesh.ts';
import type { RunningService } from '../../services/kit/service.ts';
import type { Trace } from '../../traces/index.ts';
import { type SpanTreePattern, traceMatchers } from '../../traces/vitest/index.ts';
import {
  callStep,
  chainMesh,
  meshOf,
  service,
  startServices,
  startTestTelemetry,
  stub,
} from './support.ts';

expect.extend(traceMatchers);

const telemetry = startTestTelemetry();
afterAll(() => telemetry.stop());
beforeEach(() => telemetry.reset());

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return (await response.json()) as Record<string, unknown>;
}

describe('the chain', () => {
  let services: Record<string, RunningService>;
  let url: string;
  beforeAll(async () => {
    services = await startServices(chainMesh, ['user', 'auth', 'gateway'], telemetry.telemetry);
    url = (services.gateway as RunningService).url;
  });
  afterAll(() => Promise.all(Object.values(services).map((running) => running.stop())));

  test('answers with the user that was looked up', async () => {
    const response = await fetch(`${url}/users/42`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      id: 42,
      name: 'Alan Lovelace',
      email: 'alan.lovelace.42@example.com',
      city: 'London',
    });
  });

  test('is one trace of six spans that name what they are', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const tracestate = 'rojo=00f067aa0ba902b7,congo=t61rcm8rf17u7ctf4hlm';
    const headers = { traceparent, tracestate, baggage: 'tenant=blue' };
    await fetch(`${url}/users/42`, { headers });
    const trace = await telemetry.trace(traceparent);
    const get = (kind: 'server' | 'client', child: SpanTreePattern) =>
      ({ name: 'GET /users/:id', kind, children: [child] }) as const;
    expect(trace.root?.span.parentSpanId).toBe('00f067aa0ba902b7');
    expect(trace).toHaveSpanTree(
      get(
        'server',
        get(
          'client',
          get('server', get('client', get('server', { name: 'SELECT users', kind: 'client' }))),
        ),
      ),
      { mode: 'exact' },
    );
    const servers = trace.filter({ kind: 'server' });
    expect(servers.map(({ span }) => span.traceState)).toEqual([
      tracestate,
      expect.stringMatching(
        /^aftershock=h:1;t:\d{16},rojo=00f067aa0ba902b7,congo=t61rcm8rf17u7ctf4hlm$/,
      ),
      expect.stringMatching(
        /^aftershock=h:2;t:\d{16},rojo=00f067aa0ba902b7,congo=t61rcm8rf17u7ctf4hlm$/,
      ),
    ]);
    const [database, server, client] = trace.views.toReversed().map(({ span }) => span);
    expect(database?.attributes).toEqual({
      'db.system.name': 'sqlite',
      'db.namespace': 'main',
      'db.collection.name': 'users',
      'db.operation.name': 'SELECT',
      'db.query.summary': 'SELECT users',
      'db.query.text': 'SELECT id, name, email, city FROM users WHERE id = ?',
    });
    const port = Number(new URL((services.user as RunningService).url).port);
    expect(server?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/users/:id',
      'http.response.status_code': 200,
      'url.scheme': 'http',
      'url.path': '/users/42',
      'server.address': '127.0.0.1',
      'server.port': port,
      'client.address': '127.0.0.1',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': expect.any(Number),
      'network.protocol.version': '1.1',
      'user_agent.original': expect.stringContaining('axios'),
    });
    expect(client?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'url.full': `http://127.0.0.1:${port}/users/42`,
      'url.template': '/users/:id',
      'server.address': '127.0.0.1',
      'server.port': port,
      'network.protocol.version': '1.1',
      'aftershock.call.index': 0,
      'aftershock.call.to': 'user',
    });
  });

  test('spans of one process nest: no child starts before its parent or ends after it', async () => {
    const { trace } = await telemetry.send(`${url}/users/42`);
    expect(trace.spans).toHaveLength(6);
    for (const { span, parent } of trace.views) {
      if (parent === null) continue;
      expect(span.startUnixNano).toBeGreaterThanOrEqual(parent.span.startUnixNano);
      expect(span.endUnixNano).toBeLessThanOrEqual(parent.span.endUnixNano);
    }
  });

  const wrongKey = new TextEncoder().encode('another key altogether, of good length');
  test.each([
    {
      what: 'an unknown user',
      path: '/users/999999',
      status: 404,
      code: 'no-such-user',
      by: 'user',
    },
    {
      what: 'an id that is no number',
      path: '/users/x',
      status: 400,
      code: 'bad-id',
      by: 'gateway',
    },
    { what: 'id 0', path: '/users/0', status: 400, code: 'bad-id', by: 'gateway' },
    { what: 'an unknown path', path: '/nothing', status: 404, code: 'no-such-path', by: 'gateway' },
  ])('answers $status to $what', async ({ path, status, code, by }) => {
    const { response, trace } = await telemetry.send(url + path);
    expect(response.status).toBe(status);
    const { traceId } = trace;
    expect(await problemOf(response)).toMatchObject({ status, code, service: by, traceId });
    for (const server of trace.filter({ kind: 'server' })) {
      expect(server).toHaveStatus('unset');
      expect(server).toHaveAttributes({ 'error.type': undefined });
    }
    for (const client of trace.filter({ kind: 'client', name: /^GET/ })) {
      expect(client).toHaveStatus('error');
      expect(client).toHaveAttributes({ 'error.type': String(status) });
    }
  });

  test.each([
    { what: 'no bearer token', authorization: 'Basic eDp5', error: 'invalid_request' },
    { what: 'garbage', authorization: 'Bearer garbage', error: 'invalid_token' },
    {
      what: 'a token of another key',
      authorization: new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer('aftershock-gateway')
        .setAudience('aftershock')
        .sign(wrongKey)
        .then((token) => `Bearer ${token}`),
      error: 'invalid_token',
    },
  ])('answers 401 to $what, and says how to do better', async ({ authorization, error }) => {
    const response = await fetch(`${url}/users/42`, {
      headers: { authorization: await authorization },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer realm="aftershock", error="${error}"`,
    );
    expect(await problemOf(response)).toMatchObject({ code: 'bad-token', service: 'auth' });
  });

  test('answers 401 without a demo token where demo mode is off', async () => {
    const auth = (services.auth as RunningService).url;
    const { gateway } = await startServices(chainMesh, ['gateway'], telemetry.telemetry, {
      demo: false,
      peers: { auth },
    });
    const response = await fetch(`${gateway?.url}/users/42`);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="aftershock"');
    await gateway?.stop();
  });

  test.each(['POST', 'DELETE', 'OPTIONS'])(
    'answers 405 to %s, and says how to do better',
    async (method) => {
      const { response, trace } = await telemetry.send(`${url}/users/42`, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('GET, HEAD');
      const { traceId } = trace;
      expect(await problemOf(response)).toMatchObject({ code: 'method-not-allowed', traceId });
      expect(trace.filter({ kind: 'server' })[0]).toHaveAttributes({ 'http.route': '/users/:id' });
    },
  );

  test('the admin API answers 404 to a path that it has not', async () => {
    const { adminUrl } = services.gateway as RunningService;
    const response = await fetch(`${adminUrl}/nothing`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      code: 'no-such-path',
      detail: 'The admin API has no GET /nothing',
    });
  });

  test('answers 413 to a body that is too long, and closes the connection', async () => {
    const response = await fetch(`${url}/users/42`, { method: 'POST', body: 'x'.repeat(20_000) });
    expect(response.status).toBe(413);
    expect(response.headers.get('connection')).toBe('close');
    expect(await problemOf(response)).toMatchObject({ code: 'body-too-large' });
  });

  test('answers /health and /ready without a span', async () => {
    const health = await fetch(`${url}/health`);
    expect(await health.json()).toEqual({
      status: 'ok',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    expect(telemetry.services()).toEqual([]);
  });

  test('counts requests in its stats, health checks apart', async () => {
    const { adminUrl } = services.gateway as RunningService;
    const stats = async () =>
      (await (await fetch(`${adminUrl}/stats`)).json()) as Record<string, number>;
    const before = await stats();
    await fetch(`${url}/users/1`);
    await fetch(`${url}/users/x`);
    await fetch(`${url}/health`);
    const after = await stats();
    expect((after.requests ?? 0) - (before.requests ?? 0)).toBe(2);
    expect(after.cpuMs).toBeGreaterThan(before.cpuMs ?? 0);
  });
});

describe('a service whose callee fails', () => {
  const running: RunningService[] = [];
  const closers: (() => void)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    await Promise.all(running.splice(0).map((service) => service.stop()));
  });

  async function relayTo(url: string, changes = {}): Promise<string> {
    const mesh: Mesh = meshOf({
      relay: service('relay', { script: [callStep('callee', changes)] }),
      callee: service('relay'),
    });
    const peers = { callee: url };
    const { relay } = await startServices(mesh, ['relay'], telemetry.telemetry, { peers });
    running.push(relay as RunningService);
    return `${relay?.url}/relay/1`;
  }

  test.each([
    { callee: 500, status: 502, code: 'downstream-failed', headers: {} },
    { callee: 502, status: 502, code: 'downstream-failed', headers: {} },
    { callee: 503, status: 503, code: 'downstream-unavailable', headers: { 'retry-after': '7' } },
    { callee: 504, status: 504, code: 'downstream-timeout', headers: {} },
  ])('answers $status when it answers $callee', async ({ callee, status, code, headers }) => {
    const { url, server } = await stub((_req, res) => res.writeHead(callee, headers).end('{}'));
    closers.push(() => server.close());
    const { response, trace } = await telemetry.send(await relayTo(url), { standIn: true });
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toMatchObject({ code, service: 'relay' });
    expect(response.headers.get('retry-after')).toBe(headers['retry-after'] ?? null);
    expect(trace.find({ kind: 'client' })).toHaveAttributes({ 'error.type': String(callee) });
    const server_ = trace.filter({ kind: 'server' })[0];
    expect(server_).toHaveStatus('error');
    expect(server_).toHaveAttributes({
      'error.type': String(status),
      'http.response.status_code': status,
    });
  });

  test('passes its 4xx on as it is', async () => {
    const { url, server } = await stub((_req, res) =>
      res.writeHead(418, { 'content-type': 'text/plain' }).end('short and stout'),
    );
    closers.push(() => server.close());
    const response = await fetch(await relayTo(url));
    expect(response.status).toBe(418);
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect(await response.text()).toBe('short and stout');
  });

  test('answers 502 when its port is closed', async () => {
    const { url, server } = await stub(() => {});
    server.close();
    const { response, trace } = await telemetry.send(await relayTo(url), { standIn: true });
    expect(response.status).toBe(502);
    expect(await problemOf(response)).toMatchObject({ code: 'downstream-unreachable' });
    expect(trace).toOriginateErrorAt({
      kind: 'client',
      attributes: { 'error.type': 'ECONNREFUSED' },
      status: 'error',
      statusMessage: /ECONNREFUSED/,
    });
  });

  test.each([
    { what: 'never answers', answer: () => {} },
    {
      what: 'answers a byte at a time',
      answer: (res: { write(text: string): void; destroyed: boolean }) => {
        const timer = setInterval(
          () => (res.destroyed ? clearInterval(timer) : res.write('x')),
          10,
        );
      },
    },
  ])('answers 504 when it $what', async ({ answer }) => {
    const { url, server } = await stub((_req, res) => answer(res));
    closers.push(() => server.closeAllConnections());
    closers.push(() => server.close());
    const relay = await relayTo(url, { timeout: 60 });
    const { response, trace } = await telemetry.send(relay, { standIn: true });
    expect(response.status).toBe(504);
    expect(await problemOf(response)).toMatchObject({ code: 'downstream-timeout' });
    expect(trace.find({ kind: 'client' })).toHaveAttributes({ 'error.type': 'timeout' });
  });
});

describe('a service with limits', () => {
  test('refuses with 503 and Retry-After what its queue cannot hold, and measures the wait', async () => {
    const mesh = meshOf({
      relay: service('relay', {
        concurrency: 1,
        queue: 1,
        script: [callStep('gate')],
      }),
      gate: service('relay'),
    });
    const held: (() => void)[] = [];
    const { url, server } = await stub((_req, res) => held.push(() => res.end('{}')));
    const { relay } = await startServices(mesh, ['relay'], telemetry.telemetry, {
      peers: { gate: url },
    });
    const ask = (id: number) => telemetry.send(`${relay?.url}/relay/${id}`, { standIn: true });
    const first = ask(1);
    await once(server, 'request');
    // One of two finds room in the queue; the other is refused, and so answers first.
    const others = [2, 3].map(ask);
    const { response: refused } = await Promise.race(others);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await problemOf(refused)).toMatchObject({ code: 'queue-full', service: 'relay' });
    held.shift()?.();
    const answered = await first;
    expect(answered.response.status).toBe(200);
    if (held.length === 0) await once(server, 'request');
    held.shift()?.();
    const all = await Promise.all(others);
    expect(all.map(({ response }) => response.status).toSorted()).toEqual([200, 503]);
    const queued = all.find(({ response }) => response.status === 200);
    const wait = (trace: Trace | undefined) =>
      Number(trace?.find({ kind: 'server' }).span.attributes['aftershock.queue.wait_ms']);
    expect(wait(answered.trace)).toBeLessThan(wait(queued?.trace));
    await relay?.stop();
    server.close();
  });

  test('answers what has too long a header with 431', async () => {
    const mesh = meshOf({ relay: service('relay') });
    const { relay } = await startServices(mesh, ['relay'], telemetry.telemetry);
    const { hostname, port } = new URL(relay?.url ?? '');
    const socket = connect(Number(port), hostname);
    socket.write(`GET /relay/1 HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toMatch(/^HTTP\/1.1 431 /);
    socket.destroy();
    await relay?.stop();
  });
});
