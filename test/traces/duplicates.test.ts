import { expect, test } from 'vitest';
import { fullestFirst } from '../../traces/duplicates.ts';
import type { Span } from '../../traces/span.ts';
import { span } from './span.ts';

const plain = span('a', '', 0, 5);
const event = { name: 'e', timeUnixNano: 1n, attributes: {} };
const link = { traceId: 't', spanId: 's', traceState: '', attributes: {} };

test.each<{ what: string; less: Partial<Span>; more: Partial<Span> }>([
  { what: 'ends later', less: { attributes: { a: 1 } }, more: { endUnixNano: 6n } },
  { what: 'has an attribute more', less: { name: 'z' }, more: { attributes: { a: 1 } } },
  { what: 'has an event more', less: { attributes: { a: 1 } }, more: { events: [event, event] } },
  { what: 'has a link more', less: { attributes: { a: 1 } }, more: { links: [link, link] } },
  { what: 'says as much, and is later in the alphabet', less: { name: 'a' }, more: { name: 'b' } },
  {
    what: 'says as much, and more of it by a great number',
    less: { attributes: { a: 2n ** 60n } },
    more: { attributes: { a: 2n ** 60n + 1n } },
  },
])('fullestFirst() keeps of two spans the one that $what', (row) => {
  const [less, more] = [
    { ...plain, ...row.less },
    { ...plain, ...row.more },
  ];
  const other = span('b', 'a', 1);
  expect(fullestFirst([less, other, more])).toEqual([more, other, less]);
  expect(fullestFirst([more, other, less])).toEqual([more, other, less]);
});

test('fullestFirst() keeps the first of two that say the same', () => {
  const copy = { ...plain };
  const [first, second] = fullestFirst([plain, copy]);
  expect(first).toBe(plain);
  expect(second).toBe(copy);
});
