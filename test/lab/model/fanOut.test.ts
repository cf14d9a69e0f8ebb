import { expect, test } from 'vitest';
import { leafQuantile, shareDelayed } from '../../../lab/model/fanOut.ts';

test.each([
  { shares: [], want: 0 },
  { shares: [0.01], want: 0.01 },
  // "63 of 100 requests take more than a second", Dean & Barroso 2013.
  { shares: Array.from({ length: 100 }, () => 0.01), want: 0.634 },
  { shares: [0.5, 1], want: 1 },
])('shareDelayed() is $want of $shares.length leaves', ({ shares, want }) => {
  expect(shareDelayed(shares)).toBeCloseTo(want, 3);
});

test('leafQuantile() gives back the whole’s quantile when all leaves keep it', () => {
  const leaf = leafQuantile(0.99, 10);
  expect(leaf).toBeCloseTo(0.999, 4);
  expect(1 - shareDelayed(Array.from({ length: 10 }, () => 1 - leaf))).toBeCloseTo(0.99, 12);
});
