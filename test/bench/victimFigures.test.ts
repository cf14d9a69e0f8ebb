import { expect, test } from 'vitest';
import { sumOf } from '../../bench/support/latencyParts.ts';
import { figuresOf } from '../../bench/support/victimFigures.ts';
import { syntheticVictims } from './syntheticVictims.ts';

/** 20 in the baseline, one hit while it is worked on, 9 during the pause, 4 behind them, 3 later. */
const sentMs = [
  ...Array.from({ length: 20 }, (_, i) => 40 * i),
  1997,
  ...Array.from({ length: 9 }, (_, i) => 2010 + 11 * i),
  2125,
  2130,
  2140,
  2150,
  2250,
  2300,
  2350,
];

function scored(lie?: Parameters<typeof syntheticVictims>[1]) {
  const figures = figuresOf(syntheticVictims(sentMs, lie), 'user');
  const score = figures.scores.get('poll');
  if (score === undefined) throw new Error('There is no score in poll');
  return { ...figures, score };
}

test('spans that say the truth have full recall and precision', () => {
  const { score, mistakes } = scored();
  expect(mistakes).toEqual([]);
  expect([score.truly('hit'), score.truly('queued'), score.truly('edge')]).toEqual([10, 4, 0]);
  for (const role of ['hit', 'queued'] as const) {
    expect(score.recall(role)).toBe(1);
    expect(score.precision(role)).toBe(1);
  }
});

test('a hit that is not told costs recall, one that was none costs precision', () => {
  const missed = scored((truth, i) => (i === 21 ? 'none' : truth));
  expect(missed.score.recall('hit')).toBeCloseTo(0.9);
  expect(missed.score.precision('hit')).toBe(1);
  expect(missed.mistakes).toHaveLength(1);

  const invented = scored((truth, i) => (i === sentMs.length - 1 ? 'hit' : truth));
  expect(invented.score.recall('hit')).toBe(1);
  expect(invented.score.precision('hit')).toBeCloseTo(10 / 11);
});

test('a hit that is told as queued costs recall of the one and precision of the other', () => {
  const { score } = scored((truth, i) => (i === 22 ? 'queued' : truth));
  expect(score.recall('hit')).toBeCloseTo(0.9);
  expect(score.recall('queued')).toBe(1);
  expect(score.precision('queued')).toBeCloseTo(4 / 5);
});

test('parts of a latency add up where each has its evidence', () => {
  const { parts, unknownMs } = scored();
  expect(parts).toHaveLength(14);
  for (const one of parts) expect(sumOf(one)).toBeCloseTo(one.latency, 1);
  for (const ms of unknownMs) expect(ms).toBeCloseTo(0, 1);
  const [first] = parts;
  expect(first?.pause).toBeCloseTo(120);
  expect(first?.work).toBeCloseTo(4, 1);
});

test('the critical path charges the wait to the paused service, without queue spans to its caller', () => {
  const { withLibrary, without } = scored();
  expect(withLibrary.pausedMs / withLibrary.totalMs).toBeGreaterThan(0.99);
  expect(without.pausedMs / without.totalMs).toBeLessThan(0.3);
  expect(without.totalMs).toBeCloseTo(withLibrary.totalMs, 0);
});
