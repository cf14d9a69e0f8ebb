import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LoadSnapshot } from '../../lab/load/generator.ts';
import { type FaultRun, faultRun, scrapeSum } from './faultRun.ts';
import { Stack } from './tools/stack.ts';

const awayMs = 30_000;
let stack: Stack;

beforeEach(async () => {
  stack = await Stack.create();
  await Promise.all([stack.startJaeger(), stack.startCollector()]);
});
afterEach(() => stack.stop());

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Spans of all processes together, by where they ended. */
function flow({ accounts, stored }: FaultRun) {
  const sum = (key: 'ended' | 'exported' | 'dropped') =>
    Object.values(accounts).reduce((spans, account) => spans + account[key], 0);
  const [ended, exported, dropped] = [sum('ended'), sum('exported'), sum('dropped')];
  return { ended, exported, dropped, stored: total(stored), lost: exported - total(stored) };
}

function p99Ms(windows: readonly LoadSnapshot[]): number {
  const sorted = windows.map(({ latencyMs }) => latencyMs.p99).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Requests notice nothing: none fails, and their P99 stays where it was. */
function expectUnaffected(run: FaultRun): void {
  const { before, during, after } = run;
  const quietMs = Math.max(p99Ms(before), p99Ms(after));
  console.log({
    p99Ms: [before, during, after].map((windows) => windows.map(({ latencyMs }) => latencyMs.p99)),
    ...flow(run),
  });
  const all = [...before, ...during, ...after];
  expect(all.map(({ failed, errors }) => ({ failed, errors }))).toEqual(
    all.map(() => ({ failed: 0, errors: {} })),
  );
  // Medians over windows, as two cores with nine programs on them are never quiet.
  expect(p99Ms(during)).toBeLessThan(2 * quietMs + 20);
}

/** Every process accounts for each of its spans, and gave up none. */
function expectNoneDropped({ accounts }: FaultRun): void {
  expect(Object.keys(accounts).toSorted()).toEqual(['auth', 'gateway', 'load', 'user']);
  for (const [name, account] of Object.entries(accounts)) {
    expect(account, name).toMatchObject({ exported: account.ended, dropped: 0 });
  }
}

/** What Jaeger has written to its storage since it started, copies included. */
function writtenByJaeger(): Promise<number> {
  const { jaegerMetrics } = stack.ports;
  return scrapeSum(jaegerMetrics, 'otelcol_exporter_sent_spans', {
    exporter: 'jaeger_storage_exporter',
  });
}

test('the collector stopped for 30 s: requests unaffected, no span lost', async () => {
  const run = await faultRun(stack, 4, async () => {
    await stack.program('collector').stop();
    await sleep(awayMs);
    await stack.startCollector();
  });
  expectUnaffected(run);
  expectNoneDropped(run);
  const { ended, stored } = flow(run);
  expect(stored).toBe(ended);
  expect(await writtenByJaeger()).toBe(stored);
});

test('the collector frozen for 30 s: requests unaffected, no span lost', async () => {
  const run = await faultRun(stack, 4, async () => {
    const { pid } = stack.program('collector');
    process.kill(pid, 'SIGSTOP');
    await sleep(awayMs);
    process.kill(pid, 'SIGCONT');
  });
  expectUnaffected(run);
  expectNoneDropped(run);
  const { ended, stored } = flow(run);
  expect(stored).toBe(ended);
  // What it had in its sockets, it took twice: once late, and once as it was sent again.
  expect(await writtenByJaeger()).toBeGreaterThanOrEqual(stored);
});

test('the collector killed with a full queue: the loss is what it had acknowledged', async () => {
  const run = await faultRun(stack, 2, async () => {
    const jaeger = stack.program('jaeger').pid;
    const collector = stack.program('collector');
    process.kill(jaeger, 'SIGSTOP');
    await sleep(4000);
    collector.kill();
    await collector.exited;
    process.kill(jaeger, 'SIGCONT');
    await stack.startCollector();
  });
  expectUnaffected(run);
  expectNoneDropped(run);
  const { ended, dropped, stored, lost } = flow(run);
  expect(ended).toBe(stored + dropped + lost);
  // Seven spans a request, a hundred requests a second, for about four seconds.
  expect(lost).toBeGreaterThan(500);
  expect(lost).toBeLessThan(5000);
  expect(await writtenByJaeger()).toBe(stored);
});

test('the same with the queue on disk: none lost', async () => {
  await stack.program('collector').stop();
  await stack.startCollector(['disk-queue']);
  const run = await faultRun(stack, 2, async () => {
    const jaeger = stack.program('jaeger').pid;
    const collector = stack.program('collector');
    process.kill(jaeger, 'SIGSTOP');
    await sleep(4000);
    collector.kill();
    await collector.exited;
    process.kill(jaeger, 'SIGCONT');
    await stack.startCollector(['disk-queue']);
  });
  expectUnaffected(run);
  expectNoneDropped(run);
  const { ended, stored } = flow(run);
  expect(stored).toBe(ended);
});

test('Jaeger killed and started again: the loss is what it had stored before', async () => {
  const run = await faultRun(stack, 2, async () => {
    const jaeger = stack.program('jaeger');
    jaeger.kill();
    await jaeger.exited;
    await sleep(5000);
    await stack.startJaeger();
  });
  expectUnaffected(run);
  expectNoneDropped(run);
  const { exported, stored, lost } = flow(run);
  const { collectorMetrics } = stack.ports;
  const accepted = await scrapeSum(collectorMetrics, 'otelcol_receiver_accepted_spans');
  const sent = await scrapeSum(collectorMetrics, 'otelcol_exporter_sent_spans');
  // Each stage by its own count: none lost on the way to the collector, none in it, …
  expect(accepted).toBe(exported);
  expect(sent).toBe(accepted);
  // … and all that Jaeger has written since is there.
  const written = await writtenByJaeger();
  expect(stored).toBe(written);
  expect(lost).toBe(sent - written);
  expect(lost).toBeGreaterThan(500);
});
