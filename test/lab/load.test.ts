import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { type Collector, startCollector } from '../../collector/collector.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import type { Span } from '../../traces/span.ts';
import { type LabProcess, startProgram } from './fixtures/lab.ts';

const mesh = fileURLToPath(new URL('fixtures/small.yaml', import.meta.url));
const labs: LabProcess[] = [];
const servers: Server[] = [];
const collectors: Collector[] = [];

afterEach(async () => {
  for (const lab of labs.splice(0)) {
    lab.process.kill('SIGKILL');
    await lab.exit;
  }
  for (const server of servers.splice(0)) stop(server);
  for (const collector of collectors.splice(0)) await collector.stop();
});

function load(...args: string[]): LabProcess {
  const lab = startProgram(['load', '--mesh', mesh, '--every', '500ms', ...args]);
  labs.push(lab);
  return lab;
}

async function collect(): Promise<Collector> {
  const collector = await startCollector({ port: 0, queryPort: 0 });
  collectors.push(collector);
  return collector;
}

/** A target that answers everything at once. */
async function serve(port = 0): Promise<{ server: Server; url: string; port: number }> {
  const server = createServer((_request, response) => response.end('{}'));
  servers.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: real } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${real}`, port: real };
}

function stop(server: Server): void {
  server.close();
  server.closeAllConnections();
}

async function rootSpans(collector: Collector): Promise<Span[]> {
  const found: Span[] = [];
  const search = {
    service: 'load',
    startUnixNano: 0n,
    endUnixNano: BigInt(Date.now() + 1000) * 1_000_000n,
  };
  for await (const spans of new JaegerSource(collector.queryUrl).searchTraces(search)) {
    found.push(...spans);
  }
  return found;
}

test('load goes on until SIGTERM; every request is a root span of service load', async () => {
  const collector = await collect();
  const target = await serve();
  const lab = load('--target', target.url, '--collector', collector.otlpUrl, '--rate', '100');
  await lab.printed(/(requests · .*\n.*){2}/);
  lab.process.kill('SIGTERM');
  expect(await lab.exit).toEqual({ code: 0, signal: null });
  expect(lab.stderr()).toMatch(/100 requests\/s \(constant\) to .*\/users\/\{id\} until Ctrl-C/);
  const [, requests, ended] =
    /in all: (\d+) requests, 0 failed; spans: (\d+) ended, 0 dropped/.exec(lab.stdout()) ?? [];
  expect(Number(requests)).toBeGreaterThan(50);
  expect(ended).toBe(requests);
  const spans = await rootSpans(collector);
  expect(spans).toHaveLength(Number(requests));
  expect(spans[0]).toMatchObject({
    name: 'GET /users/{id}',
    kind: 'client',
    parentSpanId: '',
    attributes: { 'aftershock.load.phase': 'steady' },
  });
});

test('load survives a target that is down at the start, and one that goes and comes', async () => {
  const collector = await collect();
  const { server, port, url } = await serve();
  stop(server);
  const lab = load('--target', url, '--collector', collector.otlpUrl);
  await lab.said(/does not answer yet: .*ECONNREFUSED/);
  await lab.printed(/failed \(ECONNREFUSED \d+\)/);
  const second = await serve(port);
  await lab.said(/answers again, after about \d+ s/);
  stop(second.server);
  await lab.said(/No request to .* succeeds \(.*ECONNREFUSED \d+.*\); the load goes on/);
  await serve(port);
  await lab.said(/(answers again.*){2}/s);
  lab.process.kill('SIGINT');
  expect(await lab.exit).toEqual({ code: 0, signal: null });
});

test('load ends by itself after --duration; --json gives data', async () => {
  const collector = await collect();
  const target = await serve();
  const options = '--rate 50 --duration 1200ms --json'.split(' ');
  const lab = load('--target', target.url, '--collector', collector.otlpUrl, ...options);
  expect(await lab.exit).toEqual({ code: 0, signal: null });
  const lines = lab.stdout().trim().split('\n');
  const data = lines.map((line) => JSON.parse(line) as { type: string; intended: number });
  const laps = data.slice(0, -1);
  expect(laps.every(({ type }) => type === 'lap')).toBe(true);
  expect(laps.length).toBeGreaterThanOrEqual(2);
  expect(laps.reduce((sum, { intended }) => sum + intended, 0)).toBe(60);
  expect(data.at(-1)).toMatchObject({ type: 'total', intended: 60, spans: { ended: 60 } });
});
