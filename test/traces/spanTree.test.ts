import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SpanView, Trace } from '../../traces/trace.ts';
import { traceMatchers } from '../../traces/vitest/index.ts';
import type { SpanTreePattern, TreeMatch } from '../../traces/vitest/toHaveSpanTree.ts';
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

test('how many children there are does not matter to the order of those that are named', () => {
  const tree = { name: 'root', children: [{ name: /a|b/ }, { name: /a|b/ }, { name: 'c' }] };
  expect(siblings(21_000, 0.25)).not.toHaveSpanTree(tree, { mode: 'ordered' });
});

test.each<{ order: string[]; everyMs: number; fit: boolean | 'undetermined' }>([
  { order: ['a', 'b', 'a'], everyMs: 10, fit: true },
  { order: ['b', 'a', 'b'], everyMs: 10, fit: true },
  { order: ['b', 'b', 'b'], everyMs: 10, fit: false },
  { order: ['b', 'b', 'a', 'a'], everyMs: 10, fit: false },
  { order: ['a', 'b', 'a'], everyMs: 1, fit: true },
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

test.each<{ starts: Readonly<Record<string, number>>; fit: boolean | 'undetermined' }>([
  { starts: { x: 1, y: 0.25 }, fit: 'undetermined' },
  { starts: { x: 1, y: 0 }, fit: false },
  { starts: { x: 1, y: 0.5, z: 0.25 }, fit: 'undetermined' },
  { starts: { x: 1, y: 0.5, z: 0 }, fit: false },
  { starts: { x: 0, y: 2, z: 1 }, fit: false },
])('x, y and z that start at $starts are in order: $fit', ({ starts, fit }) => {
  const trace = new Trace([
    at('root', '', 0, 9),
    ...Object.entries(starts).map(([name, startMs]) => at(name, 'root', startMs, 9)),
  ]);
  const tree = { name: 'root', children: Object.keys(starts).map((name) => ({ name })) };
  const ordered = { mode: 'ordered' } as const;
  if (fit === false) expect(trace).not.toHaveSpanTree(tree, ordered);
  else expect(() => expect(trace).toHaveSpanTree(tree, ordered)).toThrow(/Undetermined/);
});

test.each([
  { children: 20, everyMs: 10, patterns: 10 },
  { children: 8, everyMs: 0, patterns: 7 },
])('$patterns patterns of $children children, $everyMs ms apart, are few orders', (of) => {
  const any = Array.from({ length: of.patterns }, () => ({ name: /a|b/ }));
  const tree = { name: 'root', children: [...any, { name: 'c' }] };
  expect(siblings(of.children, of.everyMs)).not.toHaveSpanTree(tree, { mode: 'ordered' });
});

test('too many orders within the tolerance are refused, and the way out is said', () => {
  const trace = siblings(40, 1 / 64);
  const children = [...Array.from({ length: 18 }, () => ({ name: /a|b/ })), { name: 'c' }];
  expect(() =>
    expect(trace).toHaveSpanTree({ children: [...children] }, { mode: 'ordered' }),
  ).toThrow(/More than 20000 orders of 40 children.+"subset"/);
});

/** Two parents, each with children that start at such times: `{ a: 1, b: 2 }`. */
function families(...each: Readonly<Record<string, number>>[]): Trace {
  return new Trace([
    at('root', '', 0, 100),
    ...each.flatMap((children, i) => [
      at(`p${i}`, 'root', 50 * i, 50 * i + 40, { name: 'p' }),
      ...Object.entries(children).map(([name, startMs]) =>
        at(`${name}${i}`, `p${i}`, 50 * i + startMs, 50 * i + 40, { name }),
      ),
    ]),
  ]);
}
const [sure, open, lacking] = [{ a: 1, b: 9 }, { b: 1, a: 1.25 }, { a: 1 }];
const wrong = { b: 1, a: 9 };

test.each([
  { of: [sure, open], fit: true },
  { of: [open, sure], fit: true },
  { of: [sure, lacking], fit: true },
  { of: [lacking, sure], fit: true },
  { of: [open, lacking], fit: 'undetermined' },
  { of: [lacking, open], fit: 'undetermined' },
  { of: [open, wrong], fit: 'undetermined' },
  { of: [wrong, open], fit: 'undetermined' },
])('of $of the one is taken that fits best: $fit', ({ of, fit }) => {
  const tree = { name: 'p', children: [{ name: 'a' }, { name: 'b' }] };
  const check = () => expect(families(...of)).toHaveSpanTree(tree, { mode: 'ordered' });
  if (fit === true) check();
  else expect(check).toThrow(/Undetermined/);
});

test('what is undetermined below is so above', () => {
  const family = { name: 'p', children: [{ name: 'a' }, { name: 'b' }] };
  for (const not of [false, true]) {
    const assertion = not ? expect(families(open)).not : expect(families(open));
    expect(() =>
      assertion.toHaveSpanTree({ name: 'root', children: [family] }, { mode: 'ordered' }),
    ).toThrow(/Undetermined/);
  }
});

test.each([[[sure, lacking]], [[lacking, sure]]])(
  'of %j the one is shown that goes furthest',
  (of) => {
    const tree = { name: 'p', children: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] };
    expect(() => expect(families(...of)).toHaveSpanTree(tree)).toThrow(
      /Actual: +has no child { name: "c" }\n/,
    );
  },
);

test.each([
  { of: [open, sure], shown: [] },
  { of: [sure, open], shown: [] },
  { of: [open, wrong], shown: ['p0'] },
  { of: [wrong, open], shown: ['p1'] },
])('of $of the one is shown, beside a child that is missing, that fits best: $shown', (asked) => {
  const trace = families(...asked.of);
  // Names tell them apart in the message.
  const named = new Trace(
    trace.spans.map((span) => ({ ...span, name: span.name === 'p' ? span.spanId : span.name })),
  );
  const family = { name: /^p/, children: [{ name: 'a' }, { name: 'b' }] };
  const message = messageOf(() =>
    expect(named).toHaveSpanTree(
      { name: 'root', children: [family, { name: 'q' }] },
      { mode: 'ordered' },
    ),
  );
  expect(message).toMatch(/Actual: +has no child { name: "q" }/);
  const lines = message.split('\n').map((line) => line.trim());
  const marked = lines.filter((_, i) => lines[i + 1] === '◄ its children are not in this order');
  expect(marked.map((line) => /\bp\d/.exec(line)?.[0])).toEqual(asked.shown);
});

test('a child that surely fits is worth more than any number of patterns below another one', () => {
  const [c, d, e, f, g, h] = [20, 21, 22, 23, 24, 25];
  const trace = families({ ...sure, c, d, e, f, g, h }, open);
  const wanted = (names: string) => ({
    name: 'p',
    children: names.split(' ').map((name) => ({ name })),
  });
  const children = [wanted('a b'), wanted('a b c d e f g h i')];
  expect(() =>
    expect(trace).toHaveSpanTree({ name: 'root', children }, { mode: 'ordered' }),
  ).toThrow(/Actual: +has no child { name: "c" }; has no child { name: "d" }/);
});

function messageOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it passes');
}

type Fit = boolean | 'undetermined';
type Mode = NonNullable<TreeMatch['mode']>;

/** Every way to give each of the patterns a child of its own. */
function* ways(patterns: number, children: number, used: number[] = []): Generator<number[]> {
  if (used.length === patterns) yield used;
  else {
    for (let j = 0; j < children; j++) {
      if (!used.includes(j)) yield* ways(patterns, children, [...used, j]);
    }
  }
}

function best(fits: readonly Fit[]): Fit {
  if (fits.includes(true)) return true;
  return fits.includes('undetermined') ? 'undetermined' : false;
}

function worst(fits: readonly Fit[]): Fit {
  if (fits.includes(false)) return false;
  return fits.includes('undetermined') ? 'undetermined' : true;
}

/** Whether spans that start at such times, in milliseconds, started one after the other. */
function inOrder(starts: readonly number[]): Fit {
  return worst(
    starts.flatMap((start, i) =>
      starts.slice(0, i).map((before): Fit => {
        if (start - before >= 1) return true;
        return start - before > -1 ? 'undetermined' : false;
      }),
    ),
  );
}

/** By trying everything. */
function fitOf(view: SpanView, { name, children = [] }: SpanTreePattern, mode: Mode): Fit {
  if (name !== undefined && name !== view.span.name) return false;
  if (mode === 'exact' && children.length !== view.children.length) return false;
  return best(
    [...ways(children.length, view.children.length)].map((way) => {
      const taken = way.map((j) => view.children[j] as SpanView);
      const below = taken.map((child, i) => fitOf(child, children[i] as SpanTreePattern, mode));
      const starts = taken.map(({ span }) => Number(span.startUnixNano) / 1e6);
      return worst([...below, mode === 'ordered' ? inOrder(starts) : true]);
    }),
  );
}

test('toHaveSpanTree() is as by trying everything', () => {
  const name = fc.constantFrom('a', 'b');
  const spans = fc
    .array(fc.record({ name, parent: fc.nat(), quarters: fc.integer({ min: 0, max: 12 }) }), {
      minLength: 1,
      maxLength: 7,
    })
    .map((list) =>
      list.map((each, i) => {
        const parentId = i === 0 ? '' : `s${Math.floor((each.parent % i) / 2)}`;
        const startMs = i === 0 ? 0 : each.quarters / 4;
        return at(`s${i}`, parentId, startMs, 10, { name: each.name });
      }),
    );
  const patterns = (depth: number): fc.Arbitrary<SpanTreePattern> =>
    fc.record(
      {
        name,
        ...(depth > 0 && { children: fc.array(patterns(depth - 1), { maxLength: 3 }) }),
      },
      { requiredKeys: [] },
    );
  const modes = fc.constantFrom<Mode>('subset', 'ordered', 'exact');
  fc.assert(
    fc.property(spans, patterns(2), modes, (list, tree, mode) => {
      const trace = new Trace(list);
      const tops = mode === 'exact' ? trace.views.slice(0, 1) : trace.views;
      const fit = best(tops.map((view) => fitOf(view, tree, mode)));
      const passes = [false, true].map((not) => {
        try {
          (not ? expect(trace).not : expect(trace)).toHaveSpanTree(tree, { mode });
          return true;
        } catch {
          return false;
        }
      });
      expect(passes).toEqual([fit === true, fit === false]);
    }),
    { numRuns: 1000 },
  );
});
