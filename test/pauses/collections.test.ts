import type { PerformanceEntry } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { countCollections, majorCollections } from '../../pauses/collections.ts';

function entry(kind: number, flags: number, duration: number, entryType = 'gc'): PerformanceEntry {
  return { entryType, name: 'gc', startTime: 0, duration, detail: { kind, flags } } as never;
}

test('majorCollections() takes every major collection, forced ones apart', () => {
  const entries = [
    entry(1, 0, 1), // minor
    entry(4, 0, 10),
    entry(8, 0, 2), // incremental
    entry(4, 4, 100),
    entry(4, 0, 20),
    entry(4, 0, 7, 'measure'),
  ];
  expect(majorCollections(entries)).toEqual({
    natural: { count: 2, durationMs: 30 },
    forced: { count: 1, durationMs: 100 },
  });
});

test('countCollections() counts what was forced since, also several in one turn', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const counter = countCollections();
  gc();
  gc();
  gc();
  await nextTurn();
  await nextTurn();
  const { forced } = counter.counts();
  expect(forced.count).toBe(3);
  expect(forced.durationMs).toBeGreaterThan(0);
  counter.stop();
  gc();
  await nextTurn();
  await nextTurn();
  expect(counter.counts().forced.count).toBe(3);
});
