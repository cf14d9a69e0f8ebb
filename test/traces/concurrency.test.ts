import { expect, test } from 'vitest';
import { concurrency } from '../../traces/concurrency.ts';

test.each<{ when: string; spans: [number, number][]; want: number }>([
  { when: 'there are none', spans: [], want: 0 },
  { when: 'one takes no time', spans: [[5, 5]], want: 0 },
  {
    when: 'one takes no time within another',
    spans: [
      [0, 9],
      [5, 5],
    ],
    want: 1,
  },
  {
    when: 'one ends as the next begins',
    spans: [
      [5, 9],
      [0, 5],
    ],
    want: 1,
  },
  {
    when: 'two begin together',
    spans: [
      [0, 9],
      [0, 5],
    ],
    want: 2,
  },
  {
    when: 'the third begins as the first ends',
    spans: [
      [0, 5],
      [1, 9],
      [5, 9],
    ],
    want: 2,
  },
  {
    when: 'most ran at the beginning',
    spans: [
      [0, 5],
      [1, 5],
      [2, 5],
      [6, 7],
    ],
    want: 3,
  },
])('concurrency() is $want when $when', ({ spans, want }) => {
  const times = spans.map(([start, end], i) => ({
    ...{ spanId: `s${i}`, startUnixNano: BigInt(start), endUnixNano: BigInt(end) },
  }));
  expect(concurrency(times)).toBe(want);
});
