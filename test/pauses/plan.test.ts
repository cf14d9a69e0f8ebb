import { expect, test } from 'vitest';
import { planPauses, type Timetable } from '../../pauses/plan.ts';

function take(timetable: Timetable, count: number, random = () => 0.5): [number, number][] {
  let next = 10;
  const planned: [number, number][] = [];
  for (const { atMs, durationMs } of planPauses(timetable, () => next++, random)) {
    planned.push([atMs, durationMs]);
    if (planned.length === count) break;
  }
  return planned;
}

test.each<{ when: string; timetable: Timetable; want: [number, number][] }>([
  {
    when: 'every 3 s: the first after one interval',
    timetable: { type: 'fixed', value: 3000 },
    want: [
      [3000, 10],
      [6000, 11],
      [9000, 12],
    ],
  },
  { when: 'once', timetable: { type: 'once', after: 500 }, want: [[500, 10]] },
  { when: 'once, at once', timetable: { type: 'once', after: 0 }, want: [[0, 10]] },
])('planPauses() gives time and length, $when', ({ timetable, want }) => {
  expect(take(timetable, 3)).toEqual(want);
});

test('planPauses() draws exponential intervals of the given mean', () => {
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 0x7fff_ffff; // Park and Miller's generator
    return state / 0x7fff_ffff;
  };
  const times = take({ type: 'poisson', mean: 200 }, 20_000, random).map(([atMs]) => atMs);
  const intervals = times.map((atMs, i) => atMs - (times[i - 1] ?? 0));
  const mean = intervals.reduce((sum, interval) => sum + interval, 0) / intervals.length;
  const longerThanMean = intervals.filter((interval) => interval > 200).length / intervals.length;
  expect(mean).toBeCloseTo(200, -1);
  expect(longerThanMean).toBeCloseTo(Math.exp(-1), 1);
  expect(Math.min(...intervals)).toBeGreaterThanOrEqual(0);
});

test('planPauses() repeats itself with the same chance', () => {
  const timetable: Timetable = { type: 'poisson', mean: 100 };
  expect(take(timetable, 5, () => 0.3)).toEqual(take(timetable, 5, () => 0.3));
});
