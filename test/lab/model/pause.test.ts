import { describe, expect, test } from 'vitest';
import {
  drainMs,
  expectedHit,
  expectedQueued,
  extraWaitMs,
  lostRequestMs,
} from '../../../lab/model/pause.ts';
import {
  extraAtPercentileMs,
  extraAtPercentileOfManyMs,
  latencyWithPausesMs,
  visibleIfEveryMs,
} from '../../../lab/model/percentile.ts';
import { simulateQueue } from './queueSimulation.ts';

describe.each([{ utilization: 0.1 }, { utilization: 0.5 }, { utilization: 0.8 }])(
  'a simulated queue at ρ = $utilization',
  ({ utilization }) => {
    const requestsPerSecond = 1000;
    const pauseMs = 120;
    const everyMs = 3000;
    const simulated = simulateQueue({
      requestsPerSecond,
      serviceMs: (utilization * 1000) / requestsPerSecond,
      pauseMs,
      everyMs,
      pauses: 60,
    });
    const { extraMs } = simulated;
    const timeInProcessMs = simulated.meanTimeWithoutPausesMs;
    const queue = { requestsPerSecond, pauseMs, utilization, timeInProcessMs };
    const sorted = Float64Array.from(extraMs).sort();
    const at = (p: number) => sorted[Math.ceil(p * sorted.length) - 1] ?? Number.NaN;
    const lostMs = extraMs.reduce((sum, ms) => sum + ms, 0);

    test.each([
      { name: 'expectedHit()', simulated: simulated.hit, formula: expectedHit(queue) },
      { name: 'expectedQueued()', simulated: simulated.queued, formula: expectedQueued(queue) },
      { name: 'drainMs()', simulated: simulated.drainMs, formula: drainMs(queue) },
      { name: 'lostRequestMs()', simulated: lostMs / 60, formula: lostRequestMs(queue) },
      {
        name: 'extraAtPercentileMs() at P99',
        simulated: at(0.99),
        formula: extraAtPercentileMs(0.99, { pauseMs, utilization, everyMs }),
      },
      {
        name: 'extraAtPercentileMs() at P99.9',
        simulated: at(0.999),
        formula: extraAtPercentileMs(0.999, { pauseMs, utilization, everyMs }),
      },
    ])('$name is within 10 % of it', ({ simulated, formula }) => {
      expect(simulated / formula).toBeGreaterThan(0.9);
      expect(simulated / formula).toBeLessThan(1.1);
    });
  },
);

test.each([
  { sinceStartMs: -1, want: 0 },
  { sinceStartMs: 0, want: 120 },
  { sinceStartMs: 120, want: 60 },
  { sinceStartMs: 240, want: 0 },
  { sinceStartMs: 500, want: 0 },
])('extraWaitMs() is $want at $sinceStartMs ms for D = 120, ρ = 0.5', ({ sinceStartMs, want }) => {
  expect(extraWaitMs({ pauseMs: 120, utilization: 0.5 }, sinceStartMs)).toBe(want);
});

test('the formulas say Infinity at ρ = 1, where a backlog never drains', () => {
  const queue = { requestsPerSecond: 100, timeInProcessMs: 5, pauseMs: 120, utilization: 1 };
  expect(drainMs(queue)).toBe(Number.POSITIVE_INFINITY);
  expect(expectedQueued(queue)).toBe(Number.POSITIVE_INFINITY);
  expect(lostRequestMs(queue)).toBe(Number.POSITIVE_INFINITY);
  expect(visibleIfEveryMs(0.99, queue)).toBe(Number.POSITIVE_INFINITY);
  expect(extraAtPercentileOfManyMs(0.99, [queue], 3000)).toBe(Number.POSITIVE_INFINITY);
  expect(latencyWithPausesMs(0.99, [5], [queue], 3000)).toBe(Number.POSITIVE_INFINITY);
});

test.each([
  { utilization: 0, wantMs: 12_000 },
  { utilization: 0.5, wantMs: 24_000 },
  { utilization: 0.8, wantMs: 60_000 },
])('visibleIfEveryMs() is $wantMs at P99 for 120 ms and ρ = $utilization', (row) => {
  const { utilization, wantMs } = row;
  expect(visibleIfEveryMs(0.99, { pauseMs: 120, utilization })).toBeCloseTo(wantMs, 6);
  const just = { pauseMs: 120, utilization, everyMs: wantMs };
  expect(extraAtPercentileMs(0.99, just)).toBeCloseTo(0, 6);
});

test.each([
  { when: 'all pauses are equal', lengths: [120, 120, 120], p: 0.99, want: 90 },
  { when: 'their lengths differ: the mean counts', lengths: [100, 120, 140], p: 0.99, want: 90 },
  { when: 'one is below the result', lengths: [10, 120, 120], p: 0.99, want: 75 },
  { when: 'nothing reaches the percentile', lengths: [120], p: 0.5, want: 0 },
  { when: 'there is no pause', lengths: [], p: 0.99, want: 0 },
])('extraAtPercentileOfManyMs() is $want when $when', ({ lengths, p, want }) => {
  const pauses = lengths.map((pauseMs) => ({ pauseMs, utilization: 0 }));
  expect(extraAtPercentileOfManyMs(p, pauses, 9000)).toBeCloseTo(want, 6);
});

test.each([
  { when: 'the baseline is one value', baseline: [5], p: 0.99, want: 95 },
  { when: 'there is no pause', baseline: [1, 2, 3, 4], pauses: 0, p: 0.5, want: 2 },
  { when: 'the tail is the baseline’s own', baseline: [5, 500], p: 0.9, want: 500 },
])('latencyWithPausesMs() is about $want when $when', ({ baseline, pauses = 3, p, want }) => {
  const struck = Array.from({ length: pauses }, () => ({ pauseMs: 120, utilization: 0 }));
  expect(Math.abs(latencyWithPausesMs(p, baseline, struck, 9000) - want)).toBeLessThan(1);
});
