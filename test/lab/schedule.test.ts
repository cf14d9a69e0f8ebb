import { expect, test } from 'vitest';
import { sendTimes } from '../../lab/load/schedule.ts';
import { randomStream } from '../../mesh/random.ts';

test.each([
  { rate: 10, durationMs: 500, want: [0, 100, 200, 300, 400] },
  { rate: 10, durationMs: 501, want: [0, 100, 200, 300, 400, 500] },
  { rate: 3, durationMs: 1000, want: [0, 1000 / 3, 2000 / 3] },
  { rate: 0.5, durationMs: 1000, want: [0] },
  { rate: 100, durationMs: 0, want: [] },
])('sendTimes() of $rate/s constant for $durationMs ms is $want', ({ rate, durationMs, want }) => {
  const times = sendTimes({ rate, arrivals: 'constant' }, durationMs, () => 0.5);
  expect([...times]).toEqual(want);
});

test('sendTimes() keeps a constant rate exact over an hour', () => {
  const times = sendTimes({ rate: 300, arrivals: 'constant' }, 3_600_000, () => 0.5);
  expect(times).toHaveLength(1_080_000);
  expect(times.at(-1)).toBeCloseTo(3_600_000 - 1000 / 300, 6);
});

test('sendTimes() of Poisson arrivals has rate · duration of them, with exponential gaps', () => {
  const rate = 200;
  const times = sendTimes({ rate, arrivals: 'poisson' }, 100_000, randomStream(7, 'arrivals'));
  // The count is Poisson(20,000): five standard deviations are 707.
  expect(Math.abs(times.length - 20_000)).toBeLessThan(707);
  const gaps = Array.from(times.slice(1), (time, i) => time - (times[i] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  // An exponential distribution's deviation equals its mean.
  expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
});

test('sendTimes() is the same for the same seed and stream, another for another', () => {
  const draw = (seed: number, stream: string) => [
    ...sendTimes({ rate: 50, arrivals: 'poisson' }, 1000, randomStream(seed, stream)),
  ];
  expect(draw(1, 'load')).toEqual(draw(1, 'load'));
  expect(draw(1, 'load')).not.toEqual(draw(2, 'load'));
  expect(draw(1, 'load')).not.toEqual(draw(1, 'warmup'));
});
