import { describe, expect, test } from 'vitest';
import { differences, fits, type SpanPattern, show } from '../../traces/pattern.ts';
import { msSpan as at } from './span.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

test.each<{ actual: unknown; expected: unknown; fit: boolean }>([
  { actual: 'a', expected: 'a', fit: true },
  { actual: 'a', expected: 'b', fit: false },
  { actual: Number.NaN, expected: Number.NaN, fit: true },
  { actual: undefined, expected: undefined, fit: true },
  { actual: 'GET /a', expected: /^GET/, fit: true },
  { actual: 'POST', expected: /^GET/, fit: false },
  { actual: 5, expected: /5/, fit: false },
  { actual: 'any', expected: expect.any(String), fit: true },
  { actual: 5, expected: expect.any(String), fit: false },
  { actual: 5n, expected: 5, fit: true },
  { actual: 5, expected: 5n, fit: true },
  { actual: 5n, expected: 6, fit: false },
  { actual: 5n, expected: 5.5, fit: false },
  { actual: 5.5, expected: 5n, fit: false },
  { actual: '5', expected: 5n, fit: false },
  { actual: 5n, expected: '5', fit: false },
  { actual: null, expected: {}, fit: false },
  { actual: {}, expected: null, fit: false },
  { actual: null, expected: null, fit: true },
  { actual: 'a', expected: {}, fit: false },
  { actual: {}, expected: 'a', fit: false },
  { actual: 'a', expected: { 0: 'a' }, fit: false },
  { actual: { 0: 'a' }, expected: 'a', fit: false },
  { actual: bytes(1), expected: { length: 1, 0: 1 }, fit: false },
  { actual: { length: 1, 0: 1 }, expected: bytes(1), fit: false },
  { actual: [], expected: {}, fit: false },
  { actual: {}, expected: [], fit: false },
  { actual: ['a', 1], expected: ['a', 1], fit: true },
  { actual: ['a', 1], expected: ['a', 2], fit: false },
  { actual: ['a', 1], expected: ['a'], fit: false },
  { actual: ['a'], expected: ['a', 1], fit: false },
  { actual: { a: { b: 1n } }, expected: { a: { b: 1 } }, fit: true },
  { actual: { a: 1 }, expected: { b: 1 }, fit: false },
  { actual: { a: undefined }, expected: { b: undefined }, fit: false },
  { actual: { a: 'x' }, expected: { a: /x/ }, fit: true },
  { actual: bytes(1, 2), expected: bytes(1, 2), fit: true },
  { actual: bytes(1, 2), expected: bytes(1, 3), fit: false },
  { actual: bytes(1, 2), expected: bytes(1), fit: false },
  { actual: bytes(1), expected: bytes(1, 2), fit: false },
  { actual: bytes(1), expected: { 0: 1 }, fit: false },
  { actual: { 0: 1 }, expected: bytes(1), fit: false },
])('fits() of $actual and $expected is $fit', ({ actual, expected, fit }) => {
  expect(fits(actual, expected)).toBe(fit);
});

test('fits() looks from the start of a text each time, whatever the flags of the expression', () => {
  for (const expected of [/a/g, /a/y, /A/gi]) {
    expected.lastIndex = 1;
    expect([fits('a', expected), fits('a', expected)]).toEqual([true, true]);
  }
});

test.each<{ value: unknown; want: string }>([
  { value: undefined, want: '(none)' },
  { value: null, want: 'null' },
  { value: 'a "b"', want: '"a \\"b\\""' },
  { value: 5, want: '5' },
  { value: 5n, want: '5n' },
  { value: /^a/i, want: '/^a/i' },
  { value: bytes(1, 255), want: 'bytes 01ff' },
  { value: ['a', [1, true]], want: '["a", [1, true]]' },
  { value: {}, want: '{}' },
  { value: { a: 1, b_2: { c: 'd' } }, want: '{ a: 1, b_2: { c: "d" } }' },
  { value: { 'a.b': 1, '2a': 2, _a: 3, A: 4 }, want: '{ "a.b": 1, "2a": 2, _a: 3, A: 4 }' },
  { value: expect.any(String), want: 'Any<String>' },
  { value: expect.anything(), want: 'Anything' },
  { value: expect.stringContaining('a'), want: 'StringContaining<"a">' },
  { value: { asymmetricMatch: () => true }, want: 'an asymmetric matcher' },
  { value: { asymmetricMatch: () => true, toString: () => 'Odd' }, want: 'Odd<>' },
  { value: { asymmetricMatch: () => true, toString: () => 'Odd', sample: 5 }, want: 'Odd<5>' },
  {
    value: { asymmetricMatch: () => true, toString: () => 'Odd', sample: Number },
    want: 'Odd<Number>',
  },
  { value: { asymmetricMatch: () => true, toAsymmetricMatcher: () => 'Mine' }, want: 'Mine' },
  { value: { asymmetricMatch: 5 }, want: '{ asymmetricMatch: 5 }' },
])('show() of $want', ({ value, want }) => {
  expect(show(value)).toBe(want);
});

describe('differences()', () => {
  const event = (name: string, attributes = {}) => ({ name, timeUnixNano: 0n, attributes });
  const span = {
    ...at('a', '', 0, 1, { service: 'api', kind: 'server', name: 'GET' }),
    status: { code: 'error', message: 'no' } as const,
    attributes: { n: 5n, route: '/a' },
    events: [event('retry', { n: 1, why: 'x' }), event('retry', { n: 2, why: 'y' }), event('end')],
    scope: { name: 'http', version: '1' },
  };

  test.each<{ pattern: SpanPattern; want: string[] }>([
    { pattern: {}, want: [] },
    {
      pattern: {
        ...{ service: 'api', name: /G/, kind: 'server', status: 'error', statusMessage: 'no' },
        ...{ scope: 'http', spanId: 'a', resource: { 'service.name': 'api' } },
        ...{ attributes: { n: 5, gone: undefined }, events: [{ name: 'end' }] },
      },
      want: [],
    },
    {
      pattern: {
        ...{ service: 'db', name: 'POST', kind: 'client', status: 'ok', statusMessage: 'yes' },
        ...{ scope: 'fs', spanId: 'b', resource: { 'service.name': 'db' } },
        ...{ attributes: { n: 6, route: undefined } },
      },
      want: [
        'service: "db", is "api"',
        'name: "POST", is "GET"',
        'kind: "client", is "server"',
        'status: "ok", is "error"',
        'statusMessage: "yes", is "no"',
        'scope: "fs", is "http"',
        'spanId: "b", is "a"',
        'attributes["n"]: 6, is 5n',
        'attributes["route"]: (none), is "/a"',
        'resource["service.name"]: "db", is "api"',
      ],
    },
    { pattern: { attributes: { toString: undefined } }, want: [] },
    {
      pattern: { attributes: { toString: 'a' } },
      want: ['attributes["toString"]: "a", is (none)'],
    },
    {
      pattern: { events: [{ name: 'gone' }] },
      want: ['events: one of { name: "gone" }, is ["retry", "retry", "end"]'],
    },
    {
      pattern: { events: [{ name: 'retry', attributes: { n: 2, why: 'z' } }] },
      want: ['events[1].attributes["why"]: "z", is "y"'],
    },
    { pattern: { events: [{ attributes: { n: 2 } }, { name: /^r/ }] }, want: [] },
    {
      pattern: { events: [{ name: 'end' }, { name: 'end', attributes: { n: 1 } }] },
      want: ['events[2].attributes["n"]: 1, is (none)'],
    },
  ])('of $pattern are $want', ({ pattern, want }) => {
    const found = differences(span, pattern);
    expect(found.map(({ path, expected, actual }) => `${path}: ${expected}, is ${actual}`)).toEqual(
      want,
    );
  });

  test('refuse a field that there is not', () => {
    expect(() => differences(span, { nmae: 'a' } as SpanPattern)).toThrow(
      new TypeError(
        'A pattern of a span has no field "nmae"; it may have service, name, kind, status, ' +
          'statusMessage, attributes, resource, events, scope, spanId',
      ),
    );
  });
});
