import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCollector } from '../../collector/collector.ts';
import { CollectorProcess } from './collectorProcess.ts';
import { otlpRequest, otlpSpan, post } from './otlp.ts';

const MIB = 1024 * 1024;

function good(url: string): Promise<Response> {
  return post(`${url}/v1/traces`, JSON.stringify(otlpRequest([otlpSpan()])));
}

async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined); // being cut off is what is tested
  await once(socket, 'connect');
  return socket;
}

function openFileLimit(): number {
  return Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
}

const HEADERS = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

describe('the collector process under attack', () => {
  let collector: CollectorProcess;
  beforeAll(async () => {
    collector = await CollectorProcess.start();
    expect((await good(collector.otlpUrl)).status).toBe(200);
  });
  afterAll(() => collector.stop());

  test('inflates 50 gzip bombs of 256 MiB at once within bounded memory', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * MIB, ' '), { level: 1 });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        post(`${collector.otlpUrl}/v1/traces`, bomb, { 'content-encoding': 'gzip' }),
      ),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    // 413; or 503 for those that came when too many bytes were being read.
    expect([...statuses].every((status) => status === 413 || status === 503)).toBe(true);
    expect(statuses).toContain(413);
    expect((await good(collector.otlpUrl)).status).toBe(200);
    expect(collector.peakRssBytes()).toBeLessThan(450 * MIB);
  });

  test('answers 503 with Retry-After when too much is being read at once', async () => {
    const uploads = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = await open(collector.otlpUrl);
        socket.write(`${HEADERS}content-length: ${19 * MIB}\r\n\r\n`);
        socket.write(Buffer.alloc(18 * MIB, ' '));
        return socket;
      }),
    );
    const [answer] = (await Promise.race(uploads.map((socket) => once(socket, 'data')))) as [
      Buffer,
    ];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 503 .*retry-after: \d+/is);
    for (const socket of uploads) socket.destroy();
    await expect.poll(async () => (await good(collector.otlpUrl)).status).toBe(200);
    expect(collector.peakRssBytes()).toBeLessThan(450 * MIB);
  });

  const count = Math.min(10_000, openFileLimit() - 500);
  test(`serves the next request with ${count} connections open`, async () => {
    const sockets: Socket[] = [];
    // In steps, as the kernel's queue of connections is limited.
    while (sockets.length < count) {
      const some = await Promise.all(Array.from({ length: 250 }, () => open(collector.otlpUrl)));
      for (const socket of some) socket.write(HEADERS); // and never the rest
      sockets.push(...some);
    }
    const response = await good(collector.otlpUrl);
    expect(response.status).toBe(200);
    expect(collector.peakRssBytes()).toBeLessThan(500 * MIB);
    for (const socket of sockets) socket.destroy();
  });
});

describe('a client that is too slow', () => {
  test.each([
    { what: 'its headers', beginning: HEADERS, drop: 'x' },
    { what: 'its body', beginning: `${HEADERS}content-length: 1000\r\n\r\n`, drop: 'x' },
    {
      what: 'its chunks',
      beginning: `${HEADERS}transfer-encoding: chunked\r\n\r\n`,
      drop: '1\r\nx\r\n',
    },
  ])('with $what is answered 408 and cut off', async ({ beginning, drop }) => {
    const collector = await startCollector({
      port: 0,
      queryPort: 0,
      headersTimeoutMs: 150,
      requestTimeoutMs: 200,
    });
    const socket = await open(collector.otlpUrl);
    socket.write(beginning);
    const drip = setInterval(() => socket.write(drop), 20);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 /);
    // What it dropped meanwhile was not read: then the kernel cuts it off by a reset.
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      expect(['ECONNRESET', 'EPIPE']).toContain(code);
    });
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
    expect((await good(collector.otlpUrl)).status).toBe(200);
    await collector.stop();
  });
});

test('stopping does not wait for clients that send nothing, and answers one that is sending', async () => {
  const collector = await startCollector({ port: 0, queryPort: 0 });
  const silent = await open(collector.otlpUrl);
  const kept = await open(collector.queryUrl);
  kept.write('GET /stats HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(kept, 'data');
  const sending = await open(collector.otlpUrl);
  sending.write(`${HEADERS}content-length: 2\r\nexpect: 100-continue\r\n\r\n`);
  await once(sending, 'data'); // "100 Continue": it has the headers
  const stopped = collector.stop();
  sending.write('{}');
  expect(String((await once(sending, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
  await stopped;
  for (const socket of [silent, kept, sending]) socket.destroy();
});
