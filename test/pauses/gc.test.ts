import { getHeapStatistics } from 'node:v8';
import { afterEach, expect, test } from 'vitest';
import { ballast } from '../../pauses/strategies/ballast.ts';
import gc from '../../pauses/strategies/gc.ts';

let strategy = gc();
afterEach(async () => {
  await strategy.stop();
  strategy = gc();
});

test('gc refuses a pause that is shorter than collecting the heap as it is', async () => {
  await expect(strategy.prepare(0.01)).rejects.toThrow(
    /^A gc pause of 0\.01 ms is too short for this heap: collecting it takes \d+\.\d ms without/,
  );
});

test('gc refuses a ballast that the heap has no room for', async () => {
  await expect(strategy.prepare(3_600_000)).rejects.toThrow(
    /^A gc pause of 3600000 ms needs \d+ MB of live objects, the heap has room for \d+ MB\. Raise/,
  );
});

test('gc calibrates after a refusal', async () => {
  await expect(strategy.prepare(0.01)).rejects.toThrow(RangeError);
  await strategy.prepare(80);
  const strike = await strategy.strike(80);
  expect(strike?.collectionMs).toBeGreaterThan(20);
});

test('gc gives up a calibration when told to', async () => {
  await expect(strategy.prepare(150, AbortSignal.abort())).rejects.toThrow(/aborted/);
});

test('ballast() keeps what it grew alive, a slice a turn', async () => {
  const load = ballast(() => {});
  const before = getHeapStatistics().used_heap_size;
  let turns = 0;
  let immediate = setImmediate(function turn() {
    turns++;
    immediate = setImmediate(turn);
  });
  await load.resize(300_000, 0);
  clearImmediate(immediate);
  expect(load.links).toBe(300_000);
  expect(turns).toBeGreaterThanOrEqual(29);
  expect(getHeapStatistics().used_heap_size - before).toBeGreaterThan(300_000 * 16);
  await load.resize(12_345, 0);
  expect(load.links).toBe(12_345);
  await load.resize(0, 0);
  expect(load.links).toBe(0);
});
