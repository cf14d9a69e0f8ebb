import { expect, expectTypeOf, test } from 'vitest';
import type { SpanPattern } from '../../traces/index.ts';
import {
  type SpanTreePattern,
  type TraceMatchers,
  traceMatchers,
} from '../../traces/vitest/index.ts';
import { auth, whole } from './matcherRows.ts';

expect.extend(traceMatchers);

type Arguments<Name extends keyof TraceMatchers> = Parameters<TraceMatchers[Name]>;

test('matchers are typed', () => {
  expectTypeOf(expect(whole).toHaveSpan).returns.toEqualTypeOf<void>();
  expectTypeOf(expect(Promise.resolve(whole)).resolves.toHaveSpan).returns.toEqualTypeOf<
    Promise<void>
  >();
  const polled = expect.poll(() => whole);
  expectTypeOf(polled.toHaveSpan).returns.toEqualTypeOf<Promise<void>>();
  expectTypeOf<Arguments<'toHaveSpan'>[0]>().toEqualTypeOf<string | RegExp | SpanPattern>();
  expectTypeOf<Arguments<'toHaveSpanTree'>[0]>().toEqualTypeOf<SpanTreePattern>();
  expectTypeOf<Arguments<'toHaveNoOrphans'>>().toEqualTypeOf<[]>();
});

test('wrong arguments do not compile', () => {
  // Never run: tsc looks at it.
  const wrong = () => {
    // @ts-expect-error there is no such kind
    expect(whole).toHaveSpan({ kind: 'sever' });
    // @ts-expect-error there is no such field
    expect(whole).toHaveSpan({ nmae: 'x' });
    // @ts-expect-error a number is no name
    expect.soft(whole).toHaveSpan(5);
    // @ts-expect-error there is no such mode
    expect(whole).not.toHaveSpanTree({}, { mode: 'strict' });
    // @ts-expect-error the children are a list
    expect(whole).toHaveSpanTree({ children: {} });
    // @ts-expect-error a service has a name
    expect(whole).toCallService();
    // @ts-expect-error a bound is in an object
    expect(auth).toHaveDurationWithin(5);
    // @ts-expect-error a bound is a number
    expect(auth).toHaveSelfTimeWithin({ maxMs: '5' });
    // @ts-expect-error there is no such status
    expect(auth).toHaveStatus('failed');
    // @ts-expect-error a list of patterns
    expect(whole).toRunConcurrently({ name: 'x' });
    // @ts-expect-error a list of patterns
    expect(whole).toHaveCriticalPath('x');
    // @ts-expect-error whose pause?
    expect(whole).toAttributePause({ minMs: 5 });
    // @ts-expect-error whose pause?
    expect([whole]).toHaveAmplification({ min: 1 });
    // @ts-expect-error there is no such convention
    expect(whole).toConformToSemconv({ only: ['http'] });
    // @ts-expect-error a hint is an option
    expect(whole).toMatchTraceSnapshot('hint');
    // @ts-expect-error a span, or its ids
    expect(auth).toBeLinkedTo('x');
    // @ts-expect-error as a value, too
    expect({ whole }).toEqual({ whole: expect.toHaveRetries({ attempts: 'two' }) });
  };
  expect(wrong).toBeTypeOf('function');
});
