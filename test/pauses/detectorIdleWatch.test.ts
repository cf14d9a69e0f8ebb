import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { idleWatch } from '../../pauses/detector/idleWatch.ts';

test('idleWatch() was idle before the work that woke it, and waited for a core no longer than it rested', async () => {
  const startMs = performance.now();
  const watch = idleWatch();
  expect(watch.lastIdleMs).toBeNull();
  expect(watch.coreWaitMs()).toBe(0);
  await sleep(20);
  watch.mark();
  const { lastIdleMs } = watch;
  expect(lastIdleMs).toBeGreaterThan(startMs);
  expect(lastIdleMs).toBeLessThanOrEqual(performance.now());
  const coreWaitMs = watch.coreWaitMs();
  expect(coreWaitMs).toBeGreaterThanOrEqual(0);
  expect(coreWaitMs).toBeLessThanOrEqual((lastIdleMs ?? 0) - startMs);
  expect(watch.coreWaitMs()).toBe(coreWaitMs);
  await sleep(0);
  const fromMs = performance.now();
  while (performance.now() < fromMs + 5);
  watch.mark();
  expect(watch.lastIdleMs).toBeLessThanOrEqual(fromMs);
});
