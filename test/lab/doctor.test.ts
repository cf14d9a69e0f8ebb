import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Collector, startCollector } from '../../collector/collector.ts';
import { diagnose } from '../../lab/doctor/diagnose.ts';
import { gather } from '../../lab/doctor/gather.ts';
import type { Diagnosis, Stage } from '../../lab/doctor/stage.ts';
import { type TargetName, targets } from '../../lab/doctor/targets.ts';
import { stub } from '../services/support.ts';
import { RealMesh } from './fixtures/realMesh.ts';

let collector: Collector;
let mesh: RealMesh;

beforeAll(async () => {
  collector = await startCollector({ port: 0, queryPort: 0 });
  mesh = await RealMesh.start(collector.otlpUrl);
});

afterAll(async () => {
  await mesh.kill();
  await collector.stop();
});

interface Ask {
  readonly at?: Partial<Record<TargetName, string>>;
  readonly admins?: Record<string, string>;
  readonly timeoutMs?: number;
}

/** The doctor on the running mesh, but for what `at` says. */
async function doctor({ at = {}, admins = {}, timeoutMs = 10_000 }: Ask = {}): Promise<Diagnosis> {
  const urls = {
    gateway: mesh.url('gateway'),
    collector: collector.otlpUrl,
    query: collector.queryUrl,
    ...at,
  };
  return diagnose(await gather({ targets: targets(urls, {}), admins, timeoutMs, say: () => {} }));
}

function stage({ stages }: Diagnosis, name: string): Stage {
  const found = stages.find((each) => each.name.endsWith(name));
  if (found === undefined) throw new Error(`No stage ${name} in ${JSON.stringify(stages)}`);
  return found;
}

test('doctor follows the canary through every service to the store', async () => {
  const diagnosis = await doctor();
  expect(diagnosis.firstWrong).toBeNull();
  expect(diagnosis.stages.map(({ name, state }) => `${state} ${name.trim()}`)).toEqual([
    'ok request',
    'ok ↳ gateway',
    'ok ↳ auth',
    'ok ↳ user',
    'ok collector',
    'ok store',
    'skipped prometheus',
    'ok spans',
  ]);
});

test('doctor names a port where nothing listens, of each part', async () => {
  const { url, server } = await stub(() => {});
  await new Promise((resolve) => server.close(resolve));
  const at = { gateway: url, collector: url, query: url };
  const { stages, firstWrong } = await doctor({ at });
  expect(firstWrong?.finding?.came).toMatch(/nothing listens on port \d+ of 127.0.0.1/);
  expect(stages.filter(({ seen }) => seen === 'connection refused')).toHaveLength(3);
});

test('doctor names a gateway port that another program has', async () => {
  const { url, server } = await stub((_req, res) => res.end('<h1>It works!</h1>'));
  const { firstWrong } = await doctor({ at: { gateway: url } });
  expect(firstWrong?.seen).toBe('answered 200, but is not the gateway');
  server.close();
});

test('doctor names the service whose tracing is off', async () => {
  await mesh.replace('user', { OTEL_SDK_DISABLED: 'true' });
  const admins = { user: mesh.adminUrl('user') };
  const diagnosis = await doctor({ admins, timeoutMs: 1500 });
  await mesh.replace('user');
  expect(stage(diagnosis, '↳ auth').state).toBe('ok');
  expect(diagnosis.firstWrong).toBe(stage(diagnosis, '↳ user'));
  expect(diagnosis.firstWrong?.finding?.todo).toContain('OTEL_SDK_DISABLED');
});
