import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { diagnose } from '../../lab/doctor/diagnose.ts';
import { gather } from '../../lab/doctor/gather.ts';
import type { Diagnosis, Stage } from '../../lab/doctor/stage.ts';
import { type TargetName, targets } from '../../lab/doctor/targets.ts';
import { RealMesh } from '../lab/fixtures/realMesh.ts';
import { PrometheusApi } from './prometheusApi.ts';
import { Stack } from './tools/stack.ts';
import { until } from './tools/until.ts';

/** After which counters have been read by all, and the doctor's count is exact. */
const quietMs = 17_000;

let stack: Stack;
let mesh: RealMesh;
let startMs: number;

beforeAll(async () => {
  stack = await Stack.startAll();
  mesh = await RealMesh.start(stack.otlpUrl, {
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
  });
  startMs = Date.now();
});

afterAll(async () => {
  await mesh?.kill();
  await stack?.stop();
});

async function doctor(
  at: Partial<Record<TargetName, string>> = {},
  { timeoutMs = 20_000, sinceMs = Date.now() - startMs } = {},
): Promise<Diagnosis> {
  const urls = {
    gateway: mesh.url('gateway'),
    collector: stack.otlpUrl,
    query: stack.queryUrl,
    prometheus: stack.prometheusUrl,
    ...at,
  };
  return diagnose(
    await gather({ targets: targets(urls, {}), admins: {}, timeoutMs, sinceMs, say: () => {} }),
  );
}

function stage({ stages }: Diagnosis, name: string): Stage {
  const found = stages.find((each) => each.name.endsWith(name));
  if (found === undefined) throw new Error(`No stage ${name} in ${JSON.stringify(stages)}`);
  return found;
}

/** Requests one after the other; six spans each. */
async function request(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    expect((await fetch(`${mesh.url('gateway')}/users/${i + 1}`)).status).toBe(200);
  }
}

const exportedQuery = 'sum(otel_sdk_exporter_span_exported_total{error_type=""})';
const storedQuery = 'sum(otelcol_exporter_sent_spans_total{exporter="jaeger_storage_exporter"})';

/** Waits until Prometheus knows of at least so many. */
async function reaches(query: string, spans: number): Promise<void> {
  const prometheus = new PrometheusApi(stack.prometheusUrl);
  await until(`${query} to reach ${spans}`, 30_000, async () => {
    const [result] = await prometheus.query(query);
    return Number(result?.value) >= spans ? true : undefined;
  });
}

test('doctor follows the canary through the real collector to Jaeger and Prometheus', async () => {
  const diagnosis = await doctor();
  expect(diagnosis.stages.map(({ name, state, seen }) => [name.trim(), state, seen])).toEqual([
    ['request', 'ok', expect.stringMatching(/^200 in/)],
    ['↳ gateway', 'ok', expect.stringMatching(/^2 spans, clock/)],
    ['↳ auth', 'ok', expect.stringMatching(/^2 spans, clock/)],
    ['↳ user', 'ok', expect.stringMatching(/^2 spans, clock/)],
    ['collector', 'ok', expect.stringMatching(/^took our span/)],
    ['store', 'ok', expect.stringMatching(/^7 spans of 3 services/)],
    ['prometheus', 'ok', expect.stringMatching(/^span metrics of gateway, auth and user/)],
    ['spans', 'ok', expect.stringMatching(/lost 0$/)],
  ]);
});

test.each(['collector', 'query'] as const)(
  'doctor names a gRPC port given for %s',
  async (name) => {
    const port = name === 'collector' ? stack.ports.collectorGrpc : stack.ports.jaegerQueryGrpc;
    const { firstWrong } = await doctor(
      { [name]: `http://127.0.0.1:${port}` },
      { timeoutMs: 3000 },
    );
    expect(firstWrong?.seen).toBe('a gRPC port');
  },
);

test('doctor counts what a killed collector took with it', async () => {
  await stack.program('collector').stop();
  await stack.startCollector([], { JAEGER_OTLP_ENDPOINT: `127.0.0.1:${stack.ports.loki}` });
  const { firstWrong } = await doctor({}, { timeoutMs: 12_000 });
  expect(firstWrong?.name).toBe('store');
  const waiting = Number(/(\d+) spans wait in/.exec(firstWrong?.finding?.came ?? '')?.[1]);
  expect(waiting).toBeGreaterThanOrEqual(7);
  await request(20);
  await reaches(exportedQuery, waiting + 20 * 6);
  stack.program('collector').kill();
  await stack.program('collector').exited;
  await stack.startCollector();
  await sleep(quietMs);
  const diagnosis = await doctor();
  const { state, seen, finding } = stage(diagnosis, 'spans');
  const lost = Number(/lost (\d+)$/.exec(seen)?.[1]);
  // Of the doctor's own spans only the collector has a count, which died with it.
  expect(state).toBe('wrong');
  expect(lost).toBeLessThanOrEqual(waiting + 20 * 6);
  expect(lost).toBeGreaterThanOrEqual(waiting + 20 * 6 - 2);
  expect(finding?.came).toMatch(/the collector restarted at/);
  expect(finding?.todo).toContain('disk-queue');
});

test('doctor counts what a restarted Jaeger has forgotten', async () => {
  await sleep(quietMs);
  startMs = Date.now();
  await request(10);
  await reaches(storedQuery, 10 * 6);
  await stack.program('jaeger').stop();
  await stack.startJaeger();
  await sleep(quietMs);
  const { state, seen, finding } = stage(await doctor(), 'spans');
  expect(`${state} ${seen}`).toMatch(/^wrong .*lost 0 · forgotten \d+$/);
  expect(finding?.came).toMatch(/Jaeger restarted at [\d:]+, and the \d+ spans that it had stored/);
});

test('doctor names a Jaeger that is too small to keep a trace', async () => {
  await stack.program('jaeger').stop();
  await stack.startJaeger({ JAEGER_MAX_TRACES: '1' });
  let over = false;
  const load = (async () => {
    while (!over) await request(1);
  })();
  const diagnosis = await doctor({}, { timeoutMs: 8000 });
  over = true;
  await load;
  await stack.program('jaeger').stop();
  await stack.startJaeger();
  expect(stage(diagnosis, 'store').finding?.todo).toContain('max_traces');
});

test('doctor names tail sampling as what left the trace out', async () => {
  await stack.program('collector').stop();
  await stack.startCollector(['tail-sampling'], {
    COLLECTOR_SAMPLING_PERCENT: '0',
    COLLECTOR_SAMPLING_SLOW_MS: '10000',
    COLLECTOR_SAMPLING_WAIT: '1s',
  });
  const diagnosis = await doctor({}, { timeoutMs: 12_000 });
  await stack.program('collector').stop();
  await stack.startCollector();
  expect(diagnosis.firstWrong).toBe(stage(diagnosis, 'store'));
  expect(diagnosis.firstWrong?.finding?.came).toMatch(/tail sampling .* left out \d+ trace/);
});

/** Gives a folder of the stack a disk of its own; false where this user may not mount one. */
function mountDisk(path: string, size: string): boolean {
  mkdirSync(path, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

/** Writes until there is no room. */
function fillDisk(path: string): void {
  for (const bytes of [1 << 20, 1 << 16, 1 << 12]) {
    try {
      for (let i = 0; ; i++)
        writeFileSync(join(path, `ballast-${bytes}-${i}`), Buffer.alloc(bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

test('doctor names a collector that has no room for its queue on disk', async (context) => {
  const folder = join(stack.folder, 'queue');
  if (!mountDisk(folder, '1m')) return context.skip('mounting a tmpfs is not permitted here');
  try {
    await stack.program('collector').stop();
    await stack.startCollector(['disk-queue']);
    fillDisk(folder);
    // Until its own counter of refusals has been scraped.
    const prometheus = new PrometheusApi(stack.prometheusUrl);
    await until('spans to be refused', 60_000, async () => {
      await request(40);
      const failed = await prometheus.query('otelcol_exporter_enqueue_failed_spans_total > 0');
      return failed.length > 0 ? true : undefined;
    });
    const diagnosis = await doctor({}, { timeoutMs: 8000 });
    expect(diagnosis.firstWrong?.finding?.came).toContain('its disk is full');
    expect(diagnosis.firstWrong?.finding?.todo).toContain('COLLECTOR_QUEUE_DIRECTORY');
  } finally {
    await stack.program('collector').stop();
    execFileSync('umount', [folder]);
  }
});

test('doctor names a Prometheus that has no room', async (context) => {
  await stack.program('prometheus').stop();
  const folder = join(stack.folder, 'prometheus');
  if (!mountDisk(folder, '4m')) return context.skip('mounting a tmpfs is not permitted here');
  try {
    await stack.startPrometheus();
    await stack.startCollector();
    // It maps this file of holes into memory: a page that cannot be had would kill it.
    const mapped = join(folder, 'queries.active');
    writeFileSync(mapped, readFileSync(mapped), { flag: 'r+' });
    fillDisk(folder);
    await until('writes to fail', 60_000, async () => {
      await request(1);
      const { stages } = await doctor({}, { timeoutMs: 1000 });
      return stages.some(({ seen }) => seen === 'cannot write to its disk') ? true : undefined;
    });
  } finally {
    await stack.program('prometheus').stop();
    execFileSync('umount', [folder]);
  }
});
