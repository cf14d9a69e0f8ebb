import type { RequestListener, Server } from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { otlpTransport, readRetryAfter } from '../../services/kit/otlpTransport.ts';
import { stub } from './support.ts';

const servers: Server[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function collector(listener: RequestListener): Promise<string> {
  const { url, server } = await stub(listener);
  servers.push(server);
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url);
  return url;
}

const protobuf = { 'content-type': 'application/x-protobuf' };
const body = new TextEncoder().encode('{"resourceSpans":[]}');
type Response = Parameters<RequestListener>[1];

test.each([
  {
    answer: (res: Response) => res.end('{}'),
    want: { status: 'accepted', rejected: 0, reason: '' },
  },
  {
    answer: (res: Response) => res.end(),
    want: { status: 'accepted', rejected: 0, reason: '' },
  },
  {
    answer: (res: Response) => res.end('\u0000 no JSON'),
    want: { status: 'accepted', rejected: 0, reason: '' },
  },
  {
    answer: (res: Response) =>
      res.end('{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}'),
    want: { status: 'accepted', rejected: 2, reason: 'too old' },
  },
  {
    answer: (res: Response) => res.writeHead(200, protobuf).end(),
    want: { status: 'accepted', rejected: 0, reason: '' },
  },
  {
    answer: (res: Response) => res.writeHead(200, protobuf).end('\u0007 no protobuf'),
    want: { status: 'accepted', rejected: 0, reason: '' },
  },
  {
    // partial_success { rejected_spans: 3, error_message: "too old" }
    answer: (res: Response) =>
      res.writeHead(200, protobuf).end('\n\u000b\b\u0003\u0012\u0007too old'),
    want: { status: 'accepted', rejected: 3, reason: 'too old' },
  },
  {
    // google.rpc.Status { code: 14, message: "full" }
    answer: (res: Response) => res.writeHead(503, protobuf).end('\b\u000e\u0012\u0004full'),
    want: { status: 'unavailable', afterMs: null, reason: 'the collector answered 503 full' },
  },
  {
    answer: (res: Response) => res.writeHead(502, protobuf).end('no protobuf'),
    want: {
      status: 'unavailable',
      afterMs: null,
      reason: 'the collector answered 502 no protobuf',
    },
  },
  {
    answer: (res: Response) => res.writeHead(503, { 'retry-after': '3' }).end('later'),
    want: { status: 'unavailable', afterMs: 3000, reason: 'the collector answered 503 later' },
  },
  {
    answer: (res: Response) => res.writeHead(429).end(),
    want: { status: 'unavailable', afterMs: null, reason: 'the collector answered 429' },
  },
  {
    answer: (res: Response) => res.writeHead(400).end('bad'),
    want: { status: 'refused', reason: 'the collector answered 400 bad' },
  },
  {
    answer: (res: Response) => res.destroy(),
    want: { status: 'unavailable', afterMs: null, reason: 'socket hang up' },
  },
  {
    answer: () => {},
    want: { status: 'unavailable', afterMs: null, reason: 'no answer within 100 ms' },
  },
  {
    answer: (res: Response) => void res.write('{'),
    want: { status: 'unavailable', afterMs: null, reason: 'no answer within 100 ms' },
  },
])('send() resolves with $want', async ({ answer, want }) => {
  await collector(async (req, res) => {
    await text(req);
    answer(res);
  });
  const transport = otlpTransport('TRACES', 100);
  expect(await transport.send(body)).toEqual(want);
  transport.close();
});

test('send() resolves when nobody listens', async () => {
  await collector(() => {});
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
  const transport = otlpTransport('TRACES', 1000);
  expect(await transport.send(body)).toEqual({
    status: 'unavailable',
    afterMs: null,
    reason: expect.stringContaining('ECONNREFUSED'),
  });
});

test('close() cuts off what is in flight', async () => {
  const arrived = Promise.withResolvers<void>();
  await collector(() => arrived.resolve());
  const transport = otlpTransport('TRACES', 60_000);
  const sending = transport.send(body);
  await arrived.promise;
  transport.close();
  expect(await sending).toMatchObject({
    status: 'unavailable',
    reason: 'the export was given up',
  });
});

test('keeps one connection, and sends what the variables say', async () => {
  const ports = new Set<number | undefined>();
  const seen: unknown[] = [];
  const url = await collector(async (req, res) => {
    ports.add(req.socket.remotePort);
    const { 'content-type': type, 'content-encoding': encoding, authorization } = req.headers;
    seen.push({ path: req.url, type, encoding, authorization, bytes: await buffer(req) });
    res.end('{}');
  });
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `${url}/base/`);
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'authorization=Bearer%20x');
  vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip');
  const transport = otlpTransport('LOGS');
  await transport.send(body);
  await transport.send(body);
  transport.close();
  expect(ports.size).toBe(1);
  expect(seen).toHaveLength(2);
  expect(seen[0]).toMatchObject({
    path: '/base/v1/logs',
    type: 'application/json',
    encoding: 'gzip',
    authorization: 'Bearer x',
  });
  expect(gunzipSync((seen[0] as { bytes: Buffer }).bytes)).toEqual(Buffer.from(body));
});

test.each([
  { header: undefined, want: null },
  { header: '120', want: 120_000 },
  { header: 'Thu, 01 Jan 1970 00:00:05 GMT', want: 4000 },
  { header: 'Thu, 01 Jan 1970 00:00:00 GMT', want: 0 },
  { header: 'soon', want: null },
])('readRetryAfter() of $header is $want', ({ header, want }) => {
  expect(readRetryAfter(header, 1000)).toBe(want);
});
