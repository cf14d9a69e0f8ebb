import { expect, test } from 'vitest';
import { Trace } from '../../traces/trace.ts';
import { traceOf, tracesOf, viewOf } from '../../traces/vitest/subject.ts';
import { msSpan as at } from './span.ts';

const spans = [at('a', '', 0, 9), at('b', 'a', 1, 2)];
const other = spans.map((span) => ({ ...span, traceId: 'f'.repeat(32) }));
const trace = new Trace(spans);
const empty = new Trace([]);
const hint = 'settle() gives a Trace, trace.find(…) a span of it';

test('traceOf() is the trace itself, that of a span, or one of the spans', () => {
  expect(traceOf(trace)).toBe(trace);
  expect(traceOf(trace.find({ name: 'b' }))).toBe(trace);
  expect(traceOf(spans).spans).toEqual(spans);
});

test('tracesOf() is the traces, or one for each of the spans’ traces', () => {
  const set = [trace, empty];
  expect(tracesOf(set)).toBe(set);
  expect(tracesOf([...spans, ...other]).map((each) => each.spans)).toEqual([spans, other]);
});

test('viewOf() is the span itself, or the root', () => {
  const b = trace.find({ name: 'b' });
  expect(viewOf(b)).toBe(b);
  expect(viewOf(trace).span.spanId).toBe('a');
  expect(() => viewOf(empty)).toThrow(
    new TypeError('The trace has no spans, so there is no root to look at'),
  );
});

test.each<{ received: unknown; shown: string }>([
  { received: undefined, shown: '(none)' },
  { received: null, shown: 'null' },
  { received: 'a trace', shown: '"a trace"' },
  { received: 5, shown: '5' },
  { received: new Map(), shown: 'an object of class Map' },
  { received: Object.create(null), shown: 'an object of class none' },
  { received: [...spans, {}], shown: 'an object of class Array' },
  { received: [{ spanId: 'a' }], shown: 'an object of class Array' },
  { received: [{ traceId: 'a' }], shown: 'an object of class Array' },
  { received: [null], shown: 'an object of class Array' },
  { received: ['spanId'], shown: 'an object of class Array' },
  { received: [trace, ...spans], shown: 'an object of class Array' },
])('traceOf() and tracesOf() refuse $shown', ({ received, shown }) => {
  expect(() => traceOf(received)).toThrow(
    new TypeError(
      `A trace matcher needs a Trace, or the spans of one, in expect(…); it got ${shown}: ${hint}`,
    ),
  );
  expect(() => tracesOf(received)).toThrow(
    new TypeError(
      `A trace matcher needs an array of Traces in expect(…); it got ${shown}: ${hint}`,
    ),
  );
});
