import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { launchCollector } from '../../lab/launch/collector.ts';
import type { ManagedProcess } from '../../lab/launch/managedProcess.ts';
import { launchService } from '../../lab/launch/service.ts';
import { Stage } from '../../lab/launch/stage.ts';
import { meshToJson } from '../../mesh/print.ts';
import { readMesh } from '../../mesh/read.ts';
import { isAlive } from './fixtures/lab.ts';

const mesh = readMesh(fileURLToPath(new URL('fixtures/small.yaml', import.meta.url)));
const children: ManagedProcess[] = [];
const onChild = (child: ManagedProcess) => children.push(child);
let directory: string;
let squatter: Server;
let takenPort: number;
let said: string[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'aftershock-launch-'));
  writeFileSync(join(directory, 'mesh.json'), meshToJson(mesh));
  squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  takenPort = (squatter.address() as AddressInfo).port;
  said = [];
});

afterEach(async () => {
  squatter.close();
  for (const child of children.splice(0)) {
    child.kill();
    await child.exited;
  }
  rmSync(directory, { recursive: true });
});

function collectorAt(otlp: number, asked: boolean) {
  return launchCollector({
    otlp: { port: otlp, asked },
    query: { port: 0, asked: true },
    tracesFile: join(directory, 'traces.ndjson'),
    logFile: join(directory, 'collector.log'),
    readyTimeoutMs: 20_000,
    onChild,
    say: (line) => said.push(line),
  });
}

test('launchCollector() takes a free port where the default one is taken, and says so', async () => {
  const collector = await collectorAt(takenPort, false);
  expect(said).toEqual([`port ${takenPort} for otlp is taken: a free one is used instead`]);
  expect(collector.otlpUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(collector.otlpUrl).not.toContain(`:${takenPort}`);
  expect(await collector.askStats(5000)).toMatchObject({ heldSpans: 0 });
  await collector.child.stop(5000);
  expect(collector.lastStats()).toMatchObject({ heldSpans: 0 });
  expect(await collector.askStats(1000)).toBeNull();
});

test('launchCollector() refuses where the port was asked for', async () => {
  await expect(collectorAt(takenPort, true)).rejects.toThrow(
    `Port ${takenPort} for otlp, asked for with --port otlp=${takenPort}, is taken`,
  );
});

function serviceWith(env: Record<string, string>, port: number, readyTimeoutMs = 20_000) {
  return launchService({
    name: 'user',
    program: 'user',
    port,
    env: { OTEL_SDK_DISABLED: 'true', AFTERSHOCK_MESH: join(directory, 'mesh.json'), ...env },
    logFile: join(directory, 'user.log'),
    readyTimeoutMs,
    onChild,
  });
}

test('launchService() gives addresses, and the last word after a stop', async () => {
  const service = await serviceWith({}, 0);
  expect((await fetch(`${service?.url}/health`)).status).toBe(200);
  expect(service?.stats()).toBeNull();
  expect(await service?.child.stop(10_000)).toBe(true);
  expect(service?.stats()).toMatchObject({ service: 'user', requests: 0 });
});

test('launchService() is null when the port is taken', async () => {
  expect(await serviceWith({}, takenPort)).toBeNull();
});

test('launchService() tells why a service cannot start, or that it was not ready in time', async () => {
  await expect(serviceWith({ AFTERSHOCK_MESH: 'nowhere.json' }, 0)).rejects.toThrow(
    /^user cannot start: .*nowhere\.json/,
  );
  await expect(serviceWith({}, 0, 1)).rejects.toThrow(/^user: waited 0.001 s for `ready`/);
});

function stage(signal: AbortSignal, ports: Record<string, number> = {}) {
  return Stage.start(
    {
      mesh,
      meshFile: join(directory, 'mesh.json'),
      directory,
      ports: { otlp: 0, query: 0, ...ports },
      withLoad: false,
      say: (line) => said.push(line),
      onDeath: (sentence) => said.push(sentence),
    },
    signal,
  );
}

test('a Stage starts leaves first, tells of a death, and stops the rest', async () => {
  const started = await stage(new AbortController().signal);
  expect(started.processes.map(({ name }) => name)).toEqual([
    'collector',
    'user',
    'auth',
    'gateway',
  ]);
  const pids = started.processes.map(({ pid }) => pid ?? 0);
  const answer = await fetch(`${started.service('gateway').url}/users/7`);
  expect(await answer.json()).toMatchObject({ id: 7 });

  const auth = started.service('auth').child;
  process.kill(auth.pid ?? 0, 'SIGKILL');
  await auth.exited;
  await expect.poll(() => said).toEqual([`auth (pid ${auth.pid}) was ended by signal SIGKILL`]);
  expect(await started.stop()).toEqual([]);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(started.service('gateway').stats()).toMatchObject({ requests: 1 });
});

test('a Stage that cannot start leaves nothing behind', async () => {
  await expect(stage(new AbortController().signal, { auth: takenPort })).rejects.toThrow(
    `Port ${takenPort} for auth`,
  );
  const interrupted = new AbortController();
  setTimeout(() => interrupted.abort(new Error('interrupted')), 300);
  await expect(stage(interrupted.signal)).rejects.toThrow('interrupted');
});
