import { expect, test } from 'vitest';
import { type SpanTimes, selfTimeNano } from '../../traces/selfTime.ts';

function span(startUnixNano: bigint, endUnixNano: bigint): SpanTimes {
  return { spanId: 's1', startUnixNano, endUnixNano };
}

test.each([
  { when: 'it has no children', children: [], want: 100n },
  { when: 'a child starts with it, at 0', children: [span(0n, 50n)], want: 50n },
  { when: 'siblings touch', children: [span(10n, 50n), span(50n, 90n)], want: 20n },
  { when: 'siblings overlap, unsorted', children: [span(40n, 90n), span(10n, 60n)], want: 20n },
  { when: 'one is inside another', children: [span(10n, 90n), span(20n, 30n)], want: 20n },
  { when: 'a child covers it', children: [span(-5n, 105n)], want: 0n },
  { when: 'some overrun', children: [span(-9n, 9n), span(90n, 105n), span(110n, 120n)], want: 81n },
])('selfTimeNano() is $want when $when', ({ children, want }) => {
  expect(selfTimeNano(span(0n, 100n), children)).toBe(want);
});

test('selfTimeNano() names span, limit and value when a span ends before it starts', () => {
  expect(() => selfTimeNano(span(0n, 100n), [span(7n, 5n)])).toThrow(/"s1".+after 7,.+at 5;/);
});
