import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign } from '../../traces/vitest/assignment.ts';

/** The largest sum, by trying everything. */
function largest(scores: readonly (readonly number[])[], used: readonly number[] = []): number {
  const [row, ...rest] = scores;
  if (row === undefined) return 0;
  return row.reduce(
    (best, score, j) =>
      score <= 0 || used.includes(j) ? best : Math.max(best, score + largest(rest, [...used, j])),
    largest(rest, used),
  );
}

test('assign() finds the largest sum, each column once', () => {
  const scores = fc
    .nat({ max: 5 })
    .chain((columns) =>
      fc.array(
        fc.array(fc.integer({ min: -1, max: 9 }), { minLength: columns, maxLength: columns }),
        { maxLength: 5 },
      ),
    );
  fc.assert(
    fc.property(scores, (table) => {
      const score = (i: number, j: number) => {
        const found = table[i]?.[j];
        if (found === undefined) throw new RangeError(`there is no row ${i}, column ${j}`);
        return found;
      };
      const taken = assign(table.length, table[0]?.length ?? 0, score);
      const pairs = taken.flatMap((j, i) => (j === null ? [] : [{ i, j }]));
      expect(new Set(pairs.map(({ j }) => j)).size).toBe(pairs.length);
      for (const { i, j } of pairs) expect(table[i]?.[j]).toBeGreaterThan(0);
      const sum = pairs.reduce((total, { i, j }) => total + (table[i]?.[j] ?? 0), 0);
      expect(sum).toBe(largest(table));
    }),
  );
});
