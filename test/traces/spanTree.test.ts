import { expect, test } from 'vitest';
import { Trace } from '../../traces/trace.ts';
import { traceMatchers } from '../../traces/vitest/index.ts';
import { msSpan as at } from './span.ts';

expect.extend(traceMatchers);

/** `count` children that are called `a` or `b` in turn, `everyMs` apart. */
function siblings(count: number, everyMs: number): Trace {
  return new Trace([
    at('root', '', 0, 10_000),
    ...Array.from({ length: count }, (_, i) =>
      at(`s${i}`, 'root', i * everyMs, i * everyMs + 1, { name: i % 2 === 0 ? 'a' : 'b' }),
    ),
  ]);
}

test('children are given out so that every pattern has one', () => {
  const trace = siblings(3, 10);
  // The first pattern fits all: taking the first child for it would leave none for the last.
  expect(trace).toHaveSpanTree({ children: [{}, { name: 'b' }, { spanId: 's0' }] });
  expect(trace).not.toHaveSpanTree({ children: [{ name: 'b' }, { name: 'b' }] });
});

test('many children and patterns are no trouble, whatever does not fit', () => {
  const trace = siblings(200, 10);
  const children = Array.from({ length: 60 }, () => ({ name: /a|b/ }));
  for (const mode of ['subset', 'ordered'] as const) {
    expect(trace).toHaveSpanTree({ name: 'root', children }, { mode });
    expect(trace).not.toHaveSpanTree(
      { name: 'root', children: [...children, { name: 'c' }] },
      { mode },
    );
  }
});

test.each<{ order: string[]; everyMs: number; fit: boolean | 'undetermined' }>([
  { order: ['a', 'b', 'a'], everyMs: 10, fit: true },
  { order: ['b', 'a', 'b'], everyMs: 10, fit: true },
  { order: ['b', 'b', 'b'], everyMs: 10, fit: false },
  { order: ['b', 'b', 'a', 'a'], everyMs: 10, fit: false },
  { order: ['a', 'a', 'b'], everyMs: 0.25, fit: 'undetermined' },
  { order: ['a', 'a', 'a'], everyMs: 0.25, fit: false },
  { order: ['b', 'a', 'a'], everyMs: 0.25, fit: 'undetermined' },
  { order: ['b', 'a', 'a'], everyMs: 0.5, fit: 'undetermined' },
  { order: ['b', 'a', 'a'], everyMs: 1.25, fit: false },
])('the order $order of four, $everyMs ms apart, is $fit', ({ order, everyMs, fit }) => {
  const trace = siblings(4, everyMs);
  const tree = { name: 'root', children: order.map((name) => ({ name })) };
  const ordered = { mode: 'ordered' } as const;
  if (fit === true) expect(trace).toHaveSpanTree(tree, ordered);
  if (fit === false) expect(trace).not.toHaveSpanTree(tree, ordered);
  if (fit !== 'undetermined') return;
  expect(() => expect(trace).toHaveSpanTree(tree, ordered)).toThrow(/Undetermined/);
  expect(() => expect(trace).not.toHaveSpanTree(tree, ordered)).toThrow(/Undetermined/);
});

test('too many orders within the tolerance are refused, and the way out is said', () => {
  const trace = siblings(40, 1 / 64);
  const children = [...Array.from({ length: 18 }, () => ({ name: /a|b/ })), { name: 'c' }];
  expect(() =>
    expect(trace).toHaveSpanTree({ children: [...children] }, { mode: 'ordered' }),
  ).toThrow(/More than 20000 orders of 40 children.+"subset"/);
});
