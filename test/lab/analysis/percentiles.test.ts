import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mean, median, percentiles, quantile } from '../../../lab/analysis/percentiles.ts';

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test.each([
  { n: 0, p50: null, p99: null, p999: null, rank: null, max: null },
  { n: 1, p50: null, p99: null, p999: null, rank: 1, max: 1 },
  { n: 9, p50: null, p99: null, p999: null, rank: 9, max: 9 },
  { n: 10, p50: 5, p99: null, p999: null, rank: 10, max: 10 },
  { n: 499, p50: 250, p99: null, p999: null, rank: 499, max: 499 },
  { n: 500, p50: 250, p99: 495, p999: null, rank: 500, max: 500 },
  { n: 4999, p50: 2500, p99: 4950, p999: null, rank: 4995, max: 4999 },
  { n: 5000, p50: 2500, p99: 4950, p999: 4995, rank: 4995, max: 5000 },
  { n: 10_000, p50: 5000, p99: 9900, p999: 9990, rank: 9990, max: 10_000 },
])(
  'percentiles() of 1 to $n: P50 $p50, P99 $p99, P99.9 $p999',
  ({ n, p50, p99, p999, rank, max }) => {
    expect(percentiles(upTo(n).reverse())).toEqual({
      samples: n,
      p50Ms: p50,
      p99Ms: p99,
      p999Ms: p999,
      p999RankMs: rank,
      maxMs: max,
    });
  },
);

test('percentiles() says never where so many went unanswered', () => {
  const never = new Array(11).fill(Number.POSITIVE_INFINITY);
  const { p50Ms, p99Ms, maxMs } = percentiles([...never, ...upTo(989)]);
  expect([p50Ms, p99Ms, maxMs]).toEqual([500, 'never', 'never']);
});

test('quantile() is the smallest value that a share p of the values does not exceed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1000, maxLength: 1200 }),
      fc.constantFrom(0.5, 0.9, 0.99),
      (values, p) => {
        const found = quantile(Float64Array.from(values).sort(), p) as number;
        const atMost = values.filter((value) => value <= found).length;
        const less = values.filter((value) => value < found).length;
        expect(atMost).toBeGreaterThanOrEqual(p * values.length - 1e-6);
        expect(less).toBeLessThan(p * values.length);
      },
    ),
    { numRuns: 25, seed: 1 },
  );
});

test.each([
  { values: [], middle: null, average: null },
  { values: [3], middle: 3, average: 3 },
  { values: [9, 1, 2], middle: 2, average: 4 },
  { values: [4, 1, 2, 9], middle: 3, average: 4 },
])('median() is $middle and mean() $average of $values', ({ values, middle, average }) => {
  expect(median(values)).toBe(middle);
  expect(mean(values)).toBe(average);
});
