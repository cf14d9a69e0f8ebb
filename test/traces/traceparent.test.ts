import { describe, expect, test } from 'vitest';
import { newTraceParent, parseTraceParent } from '../../traces/traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const zeros = (count: number) => '0'.repeat(count);

describe('parseTraceParent()', () => {
  test.each([
    `00-${traceId}-${parentId}-01`,
    `  00-${traceId}-${parentId}-00\n`,
    `cc-${traceId}-${parentId}-01-what.comes.later`,
  ])('reads %j', (header) => {
    expect(parseTraceParent(header)).toEqual({ traceId, parentId });
  });

  test.each([
    '',
    'x',
    `ff-${traceId}-${parentId}-01`,
    `00-${zeros(32)}-${parentId}-01`,
    `01-${zeros(32)}-${parentId}-01`,
    `00-${traceId}-${zeros(16)}-01`,
    `x00-${traceId}-${parentId}-01`,
    `00-${traceId}-${parentId}-011`,
    `00-${traceId}-${parentId}-01-what.comes.later`,
    `cc-${traceId}-${parentId}-01.what.comes.later`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
  ])('refuses %j', (header) => {
    expect(() => parseTraceParent(header)).toThrow(
      `A traceparent must be as 00-${traceId}-${parentId}-01, ids not all zero; it is ` +
        `${JSON.stringify(header)}: send the one that newTraceParent() gives`,
    );
  });

  test('takes ids that begin with zeros', () => {
    const header = `00-${zeros(31)}1-${zeros(15)}1-01`;
    expect(parseTraceParent(header)).toEqual({
      traceId: `${zeros(31)}1`,
      parentId: `${zeros(15)}1`,
    });
  });
});

describe('newTraceParent()', () => {
  test('makes what parseTraceParent() reads, never the same', () => {
    const [a, b] = [newTraceParent(), newTraceParent()].map(parseTraceParent);
    expect(a?.traceId).not.toBe(b?.traceId);
    expect(a?.parentId).not.toBe(b?.parentId);
  });

  test('takes other ids where chance gives all zeros', () => {
    let draws = 0;
    const random = (bytes: number) => Buffer.alloc(bytes, draws++ % 2 === 0 ? 0 : 0xab);
    expect(newTraceParent(random)).toBe(`00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-01`);
  });
});
