import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  closePaths,
  criticalPath,
  jaegerRules,
  type PathSection,
} from '../../traces/criticalPath.ts';
import type { Span, SpanKind } from '../../traces/span.ts';
import { type SpanNode, spanTree } from '../../traces/tree.ts';
import { span } from './span.ts';

const micro = 1000;

function rootOf(spans: readonly Span[]): SpanNode {
  return spanTree(spans).roots[0] as SpanNode;
}

/** `a 0-1, b 1-5`, in microseconds. */
function drawn(sections: readonly PathSection[]): string {
  return sections
    .map(({ span, startUnixNano, endUnixNano }) => {
      const [start, end] = [startUnixNano, endUnixNano].map((nano) => Number(nano) / micro);
      return `${span.spanId} ${start}-${end}`;
    })
    .join(', ');
}

/** A span with times in microseconds. */
function at(id: string, parent: string, start: number, end: number, kind?: SpanKind): Span {
  const made = span(id, parent, start * micro, end * micro);
  return kind === undefined ? made : { ...made, kind };
}

describe('criticalPath()', () => {
  test.each<{ when: string; spans: Span[]; want: string; jaeger?: string }>([
    { when: 'there is one span', spans: [at('a', '', 0, 9)], want: 'a 0-9' },
    { when: 'the root takes no time', spans: [at('a', '', 5, 5), at('b', 'a', 5, 5)], want: '' },
    { when: 'the root ends before it starts', spans: [at('a', '', 9, 5)], want: '' },
    {
      when: 'calls are in sequence',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 40), at('c', 'a', 50, 90)],
      want: 'a 0-10, b 10-40, a 40-50, c 50-90, a 90-100',
    },
    {
      when: 'calls are in parallel',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 60), at('c', 'a', 20, 90)],
      want: 'a 0-20, c 20-90, a 90-100',
    },
    {
      when: 'calls go three deep',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 90), at('c', 'b', 20, 80)],
      want: 'a 0-10, b 10-20, c 20-80, b 80-90, a 90-100',
    },
    {
      when: 'siblings touch',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 50), at('c', 'a', 50, 90)],
      want: 'a 0-10, b 10-50, c 50-90, a 90-100',
      jaeger: 'a 0-50, c 50-90, a 90-100',
    },
    {
      when: 'a wait ends one microsecond before the handler starts',
      spans: [at('a', '', 0, 100), at('queue', 'a', 1, 94), at('server', 'a', 95, 99)],
      want: 'a 0-1, queue 1-94, a 94-95, server 95-99, a 99-100',
    },
    {
      when: 'a child fills its parent',
      spans: [at('a', '', 0, 100), at('b', 'a', 0, 100)],
      want: 'b 0-100',
    },
    {
      when: 'a child outlives its parent',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 130)],
      want: 'a 0-10, b 10-100',
    },
    {
      when: 'a child starts before its parent',
      spans: [at('a', '', 10, 100), at('b', 'a', 0, 50)],
      want: 'b 10-50, a 50-100',
    },
    {
      when: 'a child starts after its parent’s end',
      spans: [at('a', '', 0, 100), at('b', 'a', 100, 130)],
      want: 'a 0-100',
    },
    {
      when: 'a child ends before its parent’s start',
      spans: [at('a', '', 50, 100), at('b', 'a', 10, 50)],
      want: 'a 50-100',
    },
    {
      when: 'a grandchild outlives both',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 50), at('c', 'b', 20, 70)],
      want: 'a 0-10, b 10-20, c 20-50, a 50-100',
    },
    {
      when: 'a consumer works while its producer does',
      spans: [at('a', '', 0, 100, 'producer'), at('b', 'a', 10, 90, 'consumer')],
      want: 'a 0-100',
    },
    {
      when: 'two children end together',
      spans: [at('a', '', 0, 100), at('b', 'a', 30, 90), at('c', 'a', 10, 90)],
      want: 'a 0-10, c 10-90, a 90-100',
    },
    {
      when: 'a consumer works while somebody waits for it',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 90, 'consumer')],
      want: 'a 0-10, b 10-90, a 90-100',
    },
    {
      when: 'a producer takes its time',
      spans: [at('a', '', 0, 100, 'producer'), at('b', 'a', 10, 90)],
      want: 'a 0-10, b 10-90, a 90-100',
    },
    {
      when: 'a child takes no time',
      spans: [at('a', '', 0, 100), at('b', 'a', 50, 50)],
      want: 'a 0-100',
    },
    {
      when: 'it all happens at time 0',
      spans: [at('a', '', 0, 50), at('b', 'a', 0, 20), at('c', 'a', 30, 40)],
      want: 'b 0-20, a 20-30, c 30-40, a 40-50',
    },
  ])('when $when', ({ spans, want, jaeger = want }) => {
    expect(drawn(criticalPath(rootOf(spans)))).toBe(want);
    expect(drawn(criticalPath(rootOf(spans), jaegerRules))).toBe(jaeger);
  });

  test('Jaeger’s resolution is whole microseconds of start and duration', () => {
    const made = span('a', '', 10_700, 51_300);
    expect([jaegerRules.start(made), jaegerRules.end(made)]).toEqual([10_000n, 50_000n]);
  });

  test('Jaeger’s resolution makes siblings touch that do not', () => {
    const spans = [
      span('a', '', 0, 100_000),
      span('b', 'a', 10_000, 50_400),
      span('c', 'a', 50_600, 90_000),
    ];
    expect(criticalPath(rootOf(spans)).map((each) => each.span.spanId)).toContain('b');
    expect(criticalPath(rootOf(spans), jaegerRules).map((each) => each.span.spanId)).not.toContain(
      'b',
    );
  });

  test('goes as deep as a trace goes', () => {
    const depth = 100_000;
    const spans = Array.from({ length: depth }, (_, i) =>
      at(`s${i}`, i === 0 ? '' : `s${i - 1}`, i, 2 * depth - i),
    );
    expect(criticalPath(rootOf(spans))).toHaveLength(2 * depth - 1);
  });
});

/** A trace of up to `maxSpans` spans with any parents and times, some of them out of their parent. */
function anyTrace(maxSpans: number) {
  const spanOf = fc.record({
    parent: fc.nat(),
    start: fc.nat({ max: 1000 }),
    length: fc.integer({ min: -5, max: 400 }),
    kind: fc.constantFrom<SpanKind>('internal', 'client', 'server', 'producer', 'consumer'),
  });
  return fc.array(spanOf, { minLength: 1, maxLength: maxSpans }).map((list) =>
    list.map(({ parent, start, length, kind }, i) => ({
      ...span(`s${i}`, i === 0 ? '' : `s${parent % i}`, start, start + length),
      kind,
    })),
  );
}

describe('criticalPath(), whatever the trace', () => {
  test.each([
    { name: 'exact', rules: undefined },
    { name: 'Jaeger’s', rules: jaegerRules },
  ])('adds up to the root’s duration without gaps: $name', ({ rules }) => {
    fc.assert(
      fc.property(anyTrace(40), (spans) => {
        const root = rootOf(spans);
        const sections = criticalPath(root, rules);
        const start = rules?.start(root.span) ?? root.span.startUnixNano;
        const end = rules?.end(root.span) ?? root.span.endUnixNano;
        let cursor = start;
        for (const { startUnixNano, endUnixNano } of sections) {
          expect(startUnixNano).toBe(cursor);
          expect(endUnixNano).toBeGreaterThan(startUnixNano);
          cursor = endUnixNano;
        }
        if (end > start) expect(cursor).toBe(end);
        else expect(sections).toEqual([]);
      }),
    );
  });

  test('is the same in any order of spans', () => {
    const shuffled = anyTrace(30).chain((spans) =>
      fc.tuple(
        fc.constant(spans),
        fc.shuffledSubarray(spans, { minLength: spans.length, maxLength: spans.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([spans, mixed]) => {
        const path = (list: readonly Span[]) => {
          const roots = spanTree(list).roots.filter(({ place }) => place === 'root');
          return criticalPath(roots[0] as SpanNode).map(
            ({ span, startUnixNano }) => `${span.spanId} ${startUnixNano}`,
          );
        };
        expect(path(mixed)).toEqual(path(spans));
      }),
    );
  });

  test('holds with 10,000 spans', () => {
    const [spans] = fc.sample(
      fc.array(
        fc.record({ parent: fc.nat(), start: fc.nat({ max: 1e6 }), length: fc.nat({ max: 1e5 }) }),
        { minLength: 10_000, maxLength: 10_000 },
      ),
      { numRuns: 1, seed: 1 },
    );
    const made = (spans ?? []).map(({ parent, start, length }, i) =>
      span(`s${i}`, i === 0 ? '' : `s${parent % i}`, start, start + length),
    );
    const root = rootOf(made);
    const total = criticalPath(root).reduce(
      (sum, { startUnixNano, endUnixNano }) => sum + endUnixNano - startUnixNano,
      0n,
    );
    expect(total).toBe(root.span.endUnixNano - root.span.startUnixNano);
  });
});

describe('closePaths()', () => {
  const drawnPaths = (spans: readonly Span[]) => [
    ...new Set(closePaths(rootOf(spans), 5n * BigInt(micro)).map(drawn)),
  ];

  test.each<{ when: string; spans: Span[]; want: string[] }>([
    {
      when: 'no children end close together',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 40), at('c', 'a', 20, 90)],
      want: ['a 0-20, c 20-90, a 90-100'],
    },
    {
      when: 'the shorter of two ended a little later',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 88), at('c', 'a', 20, 90)],
      want: ['a 0-20, c 20-90, a 90-100', 'a 0-10, b 10-88, a 88-100'],
    },
    {
      when: 'the longer of two ended a little later',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 90), at('c', 'a', 20, 88)],
      want: ['a 0-10, b 10-90, a 90-100', 'a 0-20, c 20-88, a 88-100'],
    },
    {
      when: 'one overlaps the next a little',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 52), at('c', 'a', 50, 90)],
      want: ['a 0-50, c 50-90, a 90-100', 'a 0-10, b 10-50, c 50-90, a 90-100'],
    },
    {
      when: 'the longer of two ended the tolerance earlier',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 85), at('c', 'a', 20, 90)],
      want: ['a 0-20, c 20-90, a 90-100'],
    },
    {
      when: 'several ended together, neither the longest nor the shortest last',
      spans: [
        at('a', '', 0, 100),
        ...[at('last', 'a', 30, 90), at('longest', 'a', 10, 89), at('shortest', 'a', 50, 88)],
        ...[at('long', 'a', 10, 87.8), at('short', 'a', 50, 87.4), at('between', 'a', 40, 87)],
      ],
      want: [
        'a 0-30, last 30-90, a 90-100',
        'a 0-10, longest 10-89, a 89-100',
        'a 0-50, shortest 50-88, a 88-100',
      ],
    },
    {
      when: 'the last of alike ones overlaps the one before a little',
      spans: [
        at('a', '', 0, 100),
        ...[at('before', 'a', 5, 31), at('last', 'a', 30, 90)],
        ...[at('longest', 'a', 10, 88), at('shortest', 'a', 50, 89)],
      ],
      want: [
        'a 0-30, last 30-90, a 90-100',
        'a 0-5, before 5-30, last 30-90, a 90-100',
        'a 0-10, longest 10-88, a 88-100',
        'a 0-5, before 5-31, a 31-50, shortest 50-89, a 89-100',
      ],
    },
    {
      when: 'the shortest is shorter than the tolerance',
      spans: [at('a', '', 0, 100), at('b', 'a', 20, 90), at('c', 'a', 88, 89)],
      want: ['a 0-20, b 20-90, a 90-100', 'a 0-20, b 20-88, c 88-89, a 89-100'],
    },
    {
      when: 'one overlaps the next by the tolerance',
      spans: [at('a', '', 0, 100), at('b', 'a', 10, 55), at('c', 'a', 50, 90)],
      want: ['a 0-50, c 50-90, a 90-100'],
    },
  ])('are $want when $when', ({ spans, want }) => {
    expect(drawnPaths(spans)).toEqual(want);
  });

  test('each adds up to the root’s duration, whatever the trace', () => {
    fc.assert(
      fc.property(anyTrace(40), fc.bigInt({ min: 1n, max: 100n }), (spans, toleranceNano) => {
        const root = rootOf(spans);
        const { startUnixNano, endUnixNano } = root.span;
        for (const sections of closePaths(root, toleranceNano)) {
          let cursor = startUnixNano;
          for (const section of sections) {
            expect(section.startUnixNano).toBe(cursor);
            cursor = section.endUnixNano;
          }
          expect(cursor).toBe(endUnixNano > startUnixNano ? endUnixNano : startUnixNano);
        }
      }),
    );
  });
});
