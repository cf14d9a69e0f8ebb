import fc from 'fast-check';
import { expect, test } from 'vitest';
import { thin } from '../../../lab/report/thin.ts';

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

test.each([
  { n: 5, limit: 5, want: [0, 1, 2, 3, 4] },
  { n: 10, limit: 5, want: [1, 3, 5, 7, 9] },
  { n: 10, limit: 1, want: [9] },
])('thin() leaves $want of $n for a limit of $limit', ({ n, limit, want }) => {
  expect(thin(upTo(n), limit, () => false)).toEqual(want);
});

test('thin() keeps all that must be kept, keeps the order, and the limit where it can', () => {
  fc.assert(
    fc.property(
      fc.nat(300),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 20 }),
      (n, limit, every) => {
        const items = upTo(n);
        const keep = (item: number) => item % every === 0;
        const left = thin(items, limit, keep);
        const kept = items.filter(keep);
        expect(left.filter(keep)).toEqual(kept);
        expect(left).toEqual(left.toSorted((a, b) => a - b));
        expect(left.length).toBeLessThanOrEqual(Math.max(limit, kept.length + 1 + limit / 10));
      },
    ),
    { numRuns: 100, seed: 3 },
  );
});
