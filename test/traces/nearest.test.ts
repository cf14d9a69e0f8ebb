import { expect, test } from 'vitest';
import type { SpanPattern } from '../../traces/pattern.ts';
import { Trace } from '../../traces/trace.ts';
import { missNotes, nearestMisses } from '../../traces/vitest/nearest.ts';
import { msSpan as at } from './span.ts';

const trace = new Trace([
  at('a', '', 0, 9, { service: 'api', kind: 'server' }),
  at('b', 'a', 1, 2, { service: 'api', kind: 'client' }),
  at('c', 'a', 2, 3, { service: 'db', kind: 'client' }),
  at('d', 'a', 3, 4, { service: 'db', kind: 'server' }),
  at('e', 'a', 4, 5, { service: 'db', kind: 'server' }),
]);

test.each<{ pattern: SpanPattern; when: string; want: string[] }>([
  { when: 'a kind is less than a name', pattern: { name: 'b', kind: 'server' }, want: ['b'] },
  {
    when: 'a kind is less than a service',
    pattern: { service: 'api', kind: 'producer' },
    want: ['a', 'b'],
  },
  {
    when: 'a name is as much as a service',
    pattern: { name: 'x', service: 'y' },
    want: ['a', 'b', 'c'],
  },
  {
    when: 'two of the others are a name',
    pattern: { name: 'b', kind: 'server', spanId: 'a' },
    want: ['a', 'b'],
  },
  {
    when: 'a kind is less than only a service',
    pattern: { service: 'api', kind: 'server', name: /[bcde]/ },
    want: ['b'],
  },
  { when: 'what fits is no miss', pattern: { kind: 'server' }, want: ['b', 'c'] },
  { when: 'three are enough', pattern: { kind: 'producer' }, want: ['a', 'b', 'c'] },
  { when: 'all fit', pattern: {}, want: [] },
])('nearestMisses() are $want where $when', ({ pattern, want }) => {
  expect(nearestMisses(trace, pattern).map(({ view }) => view.span.spanId)).toEqual(want);
});

test('missNotes() say of each all that differs', () => {
  expect(missNotes(nearestMisses(trace, { spanId: 'c', kind: 'server', status: 'ok' }))).toEqual(
    new Map([
      ['a', ['nearest: status must be "ok", is "unset"; spanId must be "c", is "a"']],
      ['c', ['nearest: kind must be "server", is "client"; status must be "ok", is "unset"']],
      ['d', ['nearest: status must be "ok", is "unset"; spanId must be "c", is "d"']],
    ]),
  );
});
