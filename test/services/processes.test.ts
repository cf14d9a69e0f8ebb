import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, expect, test } from 'vitest';
import { decodeOtlpProtobuf } from '../../traces/otlp/decode.ts';
import { launch as launchService, ready, type ServiceProcess } from './serviceProcess.ts';
import { callStep, meshOf, service, stub } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'aftershock-services-'));
const meshPath = join(folder, 'mesh.json');
writeFileSync(
  meshPath,
  JSON.stringify(
    meshOf({
      user: service('user'),
      relay: service('relay', { script: [callStep('callee', { timeout: 5000 })] }),
      callee: service('relay'),
    }),
  ),
);
afterAll(() => rmSync(folder, { recursive: true }));

const children: ChildProcess[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function launch(name: 'user' | 'relay', env: Record<string, string> = {}): ServiceProcess {
  const started = launchService(name, meshPath, env);
  children.push(started.child);
  return started;
}

async function listening(listener: RequestListener): Promise<string> {
  const { url, server } = await stub(listener);
  servers.push(server);
  return url;
}

test('SIGTERM: the request in flight is answered, the port is closed, the exit is clean', async () => {
  const held: (() => void)[] = [];
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const callee = await listening((_req, res) => {
    held.push(() => res.end('{"ok":true}'));
    arrived();
  });
  const relay = launch('relay', { AFTERSHOCK_PEERS: JSON.stringify({ callee }) });
  const { url } = await ready(relay);
  const request = fetch(`${url}/relay/1`);
  await arrival;
  relay.child.kill('SIGTERM');
  // Refused only once the listener is closed, which is when draining has begun.
  while (
    await fetch(`${url}/ready`).then(
      (response) => response.ok,
      () => false,
    )
  );
  held[0]?.();
  const response = await request;
  expect(response.status).toBe(200);
  expect(response.headers.get('connection')).toBe('close');
  expect(await relay.ended).toEqual({ code: 0, signal: null });
  expect(relay.said.at(-1)).toMatchObject({ type: 'stopped', stats: { requests: 1 } });
});

test('a parent that is gone means stop', async () => {
  const user = launch('user');
  await ready(user);
  user.child.disconnect();
  expect(await user.ended).toEqual({ code: 0, signal: null });
  expect(await user.log).toContain('the parent is gone');
});

test('with a parent, SIGINT is left to it', async () => {
  const user = launch('user');
  const { url } = await ready(user);
  user.child.kill('SIGINT');
  expect((await fetch(`${url}/users/1`)).status).toBe(200);
  user.child.kill('SIGTERM');
  expect(await user.ended).toEqual({ code: 0, signal: null });
});

test('a port that is taken is told by code, in the log and by exit code 1', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const user = launch('user', { PORT: String(port) });
  expect(await user.ended).toEqual({ code: 1, signal: null });
  expect(user.said).toEqual([
    { type: 'failed', code: 'EADDRINUSE', message: expect.stringContaining(String(port)) },
  ]);
  expect(await user.log).toContain('Cannot start user');
});

test.each([
  { what: 'a service that the mesh lacks', env: { AFTERSHOCK_SERVICE: 'x' }, want: /got "x"/ },
  { what: 'a port out of range', env: { PORT: '70000' }, want: /PORT .+ 65535, got "70000"/ },
  {
    what: 'peers that are no JSON',
    env: { AFTERSHOCK_PEERS: '{' },
    want: /AFTERSHOCK_PEERS .+got \{/,
  },
  {
    what: 'an open admin API without a token',
    env: { ADMIN_HOST: '0.0.0.0' },
    want: /ADMIN_TOKEN/,
  },
])('does not start with $what', async ({ env, want }) => {
  const user = launch('user', env);
  expect(await user.ended).toEqual({ code: 1, signal: null });
  expect(user.said).toEqual([{ type: 'failed', code: null, message: expect.stringMatching(want) }]);
});

test.skipIf(!existsSync('/dev/full'))(
  'a service whose log cannot be written still serves',
  async () => {
    const full = openSync('/dev/full', 'w');
    const user = launchService('user', meshPath, { LOG_LEVEL: 'debug' }, full);
    closeSync(full);
    children.push(user.child);
    const { url } = await ready(user);
    for (const id of [42, 43]) expect((await fetch(`${url}/users/${id}`)).status).not.toBe(500);
    user.child.kill('SIGTERM');
    expect(await user.ended).toEqual({ code: 0, signal: null });
  },
);

test('the admin API wants its token where there is one', async () => {
  const user = launch('user', { ADMIN_TOKEN: 'secret' });
  const { adminUrl } = await ready(user);
  const status = async (authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    return (await fetch(`${adminUrl}/stats`, { headers })).status;
  };
  expect(await status()).toBe(401);
  expect(await status('Bearer wrong')).toBe(401);
  expect(await status('Bearer secret')).toBe(200);
});

test.each([
  {
    collector: 'takes everything',
    answer: (res) => res.end('{}'),
    want: { exported: 6, dropped: 0 },
  },
  {
    collector: 'takes a part',
    answer: (res) => res.end('{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no room"}}'),
    want: { exported: 4, dropped: 2 },
  },
  {
    collector: 'refuses',
    answer: (res) => res.writeHead(400).end('{}'),
    want: { exported: 0, dropped: 6 },
  },
  {
    collector: 'never answers',
    answer: () => {},
    want: { exported: 0, dropped: 6 },
  },
  {
    collector: 'cuts the connection',
    answer: (res) => res.destroy(),
    want: { exported: 0, dropped: 6 },
  },
  { collector: 'is away', answer: null, want: { exported: 0, dropped: 6 } },
] satisfies {
  collector: string;
  answer: ((res: Parameters<RequestListener>[1]) => void) | null;
  want: { exported: number; dropped: number };
}[])('every span is accounted for when the collector $collector', async ({ answer, want }) => {
  let received = 0;
  const endpoint = await listening(async (req, res) => {
    received += decodeOtlpProtobuf(await buffer(req)).spans.length;
    res.setHeader('content-type', 'application/json');
    answer?.(res);
  });
  if (answer === null) servers.splice(0).forEach((server) => void server.close());
  const user = launch('user', {
    OTEL_SDK_DISABLED: 'false',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_BSP_SCHEDULE_DELAY: '60000',
    OTEL_BSP_EXPORT_TIMEOUT: '500',
  });
  const { url } = await ready(user);
  for (let id = 1; id <= 3; id++) expect((await fetch(`${url}/users/${id}`)).status).toBe(200);
  user.child.kill('SIGTERM');
  expect(await user.ended).toEqual({ code: 0, signal: null });
  expect(user.said.at(-1)).toMatchObject({
    type: 'stopped',
    stats: { spans: { ended: 6, ...want } },
  });
  if (answer !== null) expect(received).toBeGreaterThanOrEqual(6);
  const log = await user.log;
  expect(log).toContain(
    `"spans":{"ended":6,"exported":${want.exported},"dropped":${want.dropped}}`,
  );
  if (want.dropped > 0) expect(log).toContain('Spans lost');
});
