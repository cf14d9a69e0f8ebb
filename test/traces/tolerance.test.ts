import { expect, test } from 'vitest';
import { type Bounds, describeBounds, isWithin } from '../../traces/vitest/tolerance.ts';

const open = 'undetermined';

test.each<{ ms: number; bounds: Bounds; want: boolean | 'undetermined' }>([
  { ms: 9, bounds: { minMs: 10 }, want: false },
  { ms: 9.5, bounds: { minMs: 10 }, want: open },
  { ms: 10, bounds: { minMs: 10 }, want: open },
  { ms: 11, bounds: { minMs: 10 }, want: true },
  { ms: 9, bounds: { maxMs: 10 }, want: true },
  { ms: 10, bounds: { maxMs: 10 }, want: open },
  { ms: 10.5, bounds: { maxMs: 10 }, want: open },
  { ms: 11, bounds: { maxMs: 10 }, want: false },
  { ms: 10, bounds: { minMs: 10, maxMs: 20 }, want: open },
  { ms: 20, bounds: { minMs: 10, maxMs: 20 }, want: open },
  { ms: 15, bounds: { minMs: 10, maxMs: 20, toleranceMs: 5 }, want: true },
  { ms: 15, bounds: { minMs: 10, maxMs: 20, toleranceMs: 6 }, want: open },
  { ms: 10, bounds: { minMs: 10, maxMs: 10 }, want: open },
  { ms: 0, bounds: { minMs: 0 }, want: true },
  { ms: 0.5, bounds: { minMs: 0, maxMs: 0 }, want: open },
  { ms: 1e9, bounds: { maxMs: Infinity }, want: true },
])('isWithin() of $ms ms and $bounds is $want', ({ ms, bounds, want }) => {
  expect(isWithin(BigInt(ms * 1e6), bounds)).toBe(want);
});

test.each<{ bounds: Bounds; shown: string }>([
  { bounds: {}, shown: 'minMs (none) and maxMs (none)' },
  { bounds: { minMs: -1 }, shown: 'minMs -1 and maxMs (none)' },
  { bounds: { maxMs: Number.NaN }, shown: 'minMs (none) and maxMs NaN' },
  { bounds: { minMs: -1, maxMs: 5 }, shown: 'minMs -1 and maxMs 5' },
  { bounds: { minMs: 5, maxMs: 4 }, shown: 'minMs 5 and maxMs 4' },
  { bounds: { minMs: Infinity, maxMs: 4 }, shown: 'minMs Infinity and maxMs 4' },
])('isWithin() refuses $bounds', ({ bounds, shown }) => {
  expect(() => isWithin(0n, bounds)).toThrow(
    new RangeError(`Bounds must be minMs or maxMs or both, 0 ≤ minMs ≤ maxMs; they are ${shown}`),
  );
});

test('isWithin() refuses a tolerance that clocks cannot keep', () => {
  expect(() => isWithin(0n, { maxMs: 1, toleranceMs: Number.NaN })).toThrow(
    new RangeError(
      "toleranceMs must be at least 1, the resolution of JavaScript's clocks; it is NaN",
    ),
  );
});

test.each<{ bounds: Bounds; want: string }>([
  { bounds: { minMs: 1 }, want: 'at least 1 ms (± 1 ms)' },
  { bounds: { maxMs: 2, toleranceMs: 3 }, want: 'at most 2 ms (± 3 ms)' },
  { bounds: { minMs: 1, maxMs: 2 }, want: 'at least 1 ms and at most 2 ms (± 1 ms)' },
])('describeBounds() of $bounds is $want', ({ bounds, want }) => {
  expect(describeBounds(bounds)).toBe(want);
});
