import { createContextKey, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { isTracingSuppressed, suppressTracing, unsuppressTracing } from '@opentelemetry/core';
import { describe, expect, test } from 'vitest';
import { leanRootContext } from '../../services/kit/leanContext.ts';

const first = createContextKey('first');
const second = createContextKey('second');

describe.each([
  { name: 'the API’s context', root: ROOT_CONTEXT },
  { name: 'the lean context', root: leanRootContext },
])('$name', ({ root }) => {
  test('gives what was set last, and leaves the one that it came from alone', () => {
    const one = root.setValue(first, 1);
    const two = one.setValue(second, 'a').setValue(first, 2);
    expect([root, one, two].map((each) => each.getValue(first))).toEqual([undefined, 1, 2]);
    expect([root, one, two].map((each) => each.getValue(second))).toEqual([
      undefined,
      undefined,
      'a',
    ]);
  });

  test('forgets what was deleted', () => {
    const set = root.setValue(first, 1).setValue(second, 2);
    const deleted = set.deleteValue(first);
    expect(deleted.getValue(first)).toBeUndefined();
    expect(deleted.getValue(second)).toBe(2);
    expect(set.getValue(first)).toBe(1);
    expect(deleted.setValue(first, 3).getValue(first)).toBe(3);
  });

  test('carries span, baggage and suppression', () => {
    const spanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
    const baggage = propagation.createBaggage({ a: { value: 'b' } });
    const full = suppressTracing(
      propagation.setBaggage(trace.setSpanContext(root, spanContext), baggage),
    );
    expect(trace.getSpanContext(full)).toEqual(spanContext);
    expect(propagation.getBaggage(full)).toBe(baggage);
    expect(isTracingSuppressed(full)).toBe(true);
    expect(isTracingSuppressed(unsuppressTracing(full))).toBe(false);
    expect(trace.getSpan(trace.deleteSpan(full))).toBeUndefined();
  });
});
