import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Span } from '../../traces/span.ts';
import { type SpanNode, spanTree } from '../../traces/tree.ts';
import { span } from './span.ts';

/** `a(b,c(d))`: names in order, children in brackets. */
function drawn(nodes: readonly SpanNode[]): string {
  return nodes
    .map(({ span: { spanId }, children }) =>
      children.length > 0 ? `${spanId}(${drawn(children)})` : spanId,
    )
    .join(',');
}

describe('spanTree()', () => {
  test.each<{ when: string; spans: Span[]; want: string; places?: string[] }>([
    { when: 'there are no spans', spans: [], want: '' },
    {
      when: 'a chain comes in reverse',
      spans: [span('c', 'b', 2), span('b', 'a', 1), span('a', '', 0)],
      want: 'a(b(c))',
    },
    {
      when: 'siblings come in any order',
      spans: [span('a', '', 0), span('c', 'a', 5), span('b', 'a', 3)],
      want: 'a(b,c)',
    },
    {
      when: 'siblings start together',
      spans: [span('a', '', 0), span('c', 'a', 1, 2), span('b', 'a', 1, 9)],
      want: 'a(b,c)',
    },
    {
      when: 'there are two roots',
      spans: [span('b', '', 1), span('a', '', 0)],
      want: 'a,b',
      places: ['root', 'root'],
    },
    {
      when: 'a parent is missing',
      spans: [span('a', '', 0), span('c', 'b', 2)],
      want: 'a,c',
      places: ['root', 'orphan'],
    },
    {
      when: 'a span is its own parent',
      spans: [span('a', 'a', 0), span('b', 'a', 1)],
      want: 'a(b)',
      places: ['cycle'],
    },
    {
      when: 'parents form a cycle',
      spans: [span('x', 'c', 9), span('c', 'b', 2), span('b', 'a', 1), span('a', 'c', 3)],
      want: 'b(c(a,x))',
      places: ['cycle'],
    },
  ])('is $want when $when', ({ spans, want, places }) => {
    const { roots, duplicates } = spanTree(spans);
    expect(drawn(roots)).toBe(want);
    expect(duplicates).toEqual([]);
    if (places) expect(roots.map(({ place }) => place)).toEqual(places);
  });

  test('keeps the first of spans of the same id, and lists the others', () => {
    const repeated = span('b', 'a', 5);
    const { roots, duplicates } = spanTree([span('a', '', 0), span('b', 'a', 1), repeated]);
    expect(drawn(roots)).toBe('a(b)');
    expect(duplicates).toEqual([repeated]);
  });

  test('is the same whatever the order of spans', () => {
    const spans = fc.uniqueArray(
      fc.record({
        id: fc.constantFrom(...'abcdefgh'),
        parent: fc.constantFrom(...'abcdefgh', '', 'gone'),
        start: fc.nat({ max: 2 }),
        length: fc.nat({ max: 2 }),
      }),
      { selector: ({ id }) => id },
    );
    const shuffled = spans.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, (both) => {
        const [roots, others] = both.map((list) =>
          drawn(
            spanTree(
              list.map(({ id, parent, start, length }) => span(id, parent, start, start + length)),
            ).roots,
          ),
        );
        expect(others).toBe(roots);
      }),
    );
  });

  test('has every span exactly once, whatever the parents', () => {
    const id = fc.constantFrom(...'abcdefgh');
    const spans = fc.array(
      fc.record({
        id,
        parent: fc.oneof(id, fc.constantFrom('', 'gone')),
        start: fc.nat({ max: 9 }),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(spans, (list) => {
        const made = list.map((each) => span(each.id, each.parent, each.start));
        const { roots, duplicates } = spanTree(made);
        const all: Span[] = [...duplicates];
        const visit = (node: SpanNode) => {
          all.push(node.span);
          for (const child of node.children) {
            expect(child.span.parentSpanId).toBe(node.span.spanId);
            visit(child);
          }
        };
        roots.forEach(visit);
        expect(new Set(all)).toEqual(new Set(made));
        expect(all).toHaveLength(made.length);
      }),
    );
  });
});
