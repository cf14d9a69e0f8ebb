import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Span } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import { traceMatchers } from '../../traces/vitest/index.ts';
import { amplified, auth, type Case, matcherRows, type Row, spans, whole } from './matcherRows.ts';
import { msSpan as at } from './span.ts';

expect.extend(traceMatchers);

type Name = keyof typeof matcherRows;
type Call = (...args: readonly unknown[]) => void;

function call(subject: unknown, matcher: Name, not: boolean): Call {
  const assertion = not ? expect(subject).not : expect(subject);
  // As a method, and not bound: Chai's assertions refuse to be asked for anything else.
  return (...args) => (assertion as unknown as Record<Name, Call>)[matcher](...args);
}

function failure(run: () => void): Error & { expected?: unknown; actual?: unknown } {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it passes');
}

const rows = Object.entries(matcherRows).map(([matcher, row]) => ({
  matcher: matcher as Name,
  row: row as unknown as Row,
}));
const undeterminedOf = ({ undetermined }: Row): readonly Case[] =>
  (undetermined as unknown) === 'never' ? [] : (undetermined as unknown as readonly Case[]);

describe.each(rows)('$matcher', ({ matcher, row }) => {
  const { passes, fails, refuses = [] } = row;

  test('passes, and its .not fails', () => {
    for (const { args, on = whole } of passes) {
      call(on, matcher, false)(...args);
      const { message } = failure(() => call(on, matcher, true)(...args));
      expect(message).toContain(`expect(trace).not.${matcher}: it must not`);
      expect(message).not.toContain('Undetermined');
    }
  });

  test('fails for the right reason, and its .not passes', () => {
    for (const { args, on = whole, because } of fails) {
      const error = failure(() => call(on, matcher, false)(...args));
      expect(error.message).toMatch(because);
      expect(error.message).toContain(`expect(trace).${matcher}: it must`);
      expect([typeof error.expected, typeof error.actual]).toEqual(['string', 'string']);
      call(on, matcher, true)(...args);
    }
  });

  test('neither passes nor does its .not within the tolerance', () => {
    for (const { args, on = whole } of undeterminedOf(row)) {
      for (const not of [false, true]) {
        const { message } = failure(() => call(on, matcher, not)(...args));
        expect(message).toMatch(/Undetermined: .*within the tolerance/);
      }
    }
  });

  test('has a message that a person understands', () => {
    const { args, on = whole } = fails[0];
    expect(failure(() => call(on, matcher, false)(...args)).message).toMatchSnapshot();
  });

  test('says of each case what it asks for, what there is, and of which spans', () => {
    const told = (cases: readonly Case[], not: boolean) =>
      cases.map(({ args, on = whole }) => {
        const { message } = failure(() => call(on, matcher, not)(...args));
        const lines = message.split('\n');
        const head = lines.slice(0, lines.indexOf(''));
        return [...head, ...lines.filter((line) => line.includes('◄')).map((line) => line.trim())];
      });
    const all = [...told(passes, true), ...told(fails, false), ...told(undeterminedOf(row), false)];
    expect(`\n${all.map((lines) => lines.join('\n')).join('\n\n')}\n`).toMatchSnapshot();
  });

  test('is a value to compare with, too', () => {
    const value = (not: boolean, args: readonly unknown[]) =>
      ((not ? expect.not : expect) as unknown as Record<Name, (...args: unknown[]) => unknown>)[
        matcher
      ](...args);
    const equals = (on: unknown, expected: unknown) =>
      failure(() => {
        expect({ on }).toEqual({ on: expected });
        throw new Error('equal');
      }).message === 'equal';
    const told = (cases: readonly Case[]) =>
      cases.map(({ args, on = whole }) => [false, true].map((not) => equals(on, value(not, args))));
    expect(told(passes)).toEqual(passes.map(() => [true, false]));
    expect(told(fails)).toEqual(fails.map(() => [false, true]));
    expect(told(undeterminedOf(row))).toEqual(undeterminedOf(row).map(() => [false, false]));
  });

  test('polls until it passes', async () => {
    const [{ args, on = whole }] = passes;
    const [failing] = fails;
    let looks = 0;
    const poll = (first: unknown, then: unknown) =>
      expect.poll(() => (++looks % 2 === 1 ? first : then), { interval: 1 });
    const early = failing.args === args ? (failing.on ?? whole) : on;
    await (poll(early, on) as unknown as Record<Name, Call>)[matcher](...args);
    expect(looks).toBeGreaterThan(0);
  });

  test('is soft where it is asked to be', ({ task }) => {
    const { args, on = whole } = fails[0];
    (expect.soft(on) as unknown as Record<Name, Call>)[matcher](...args);
    const messages = task.result?.errors?.map(({ message }) => message) ?? [];
    // It has failed as it should.
    if (task.result) {
      task.result.state = 'run';
      task.result.errors = [];
    }
    expect(messages).toEqual([expect.stringContaining(`expect(trace).${matcher}`)]);
  });

  test('refuses what is no trace, with .not too', () => {
    const [{ args }] = passes;
    for (const on of [undefined, null, 'trace', {}, [1], ...refuses]) {
      for (const not of [false, true]) {
        expect(() => call(on, matcher, not)(...args)).toThrow(TypeError);
      }
    }
  });
});

/** Spans of any shape, of which many fit what the rows ask for. */
function anySpans(count: number): fc.Arbitrary<Span[]> {
  const one = fc.record({
    parent: fc.nat(),
    start: fc.nat({ max: 50_000 }),
    length: fc.nat({ max: 5_000 }),
    like: fc.nat({ max: spans.length - 1 }),
    alone: fc.nat({ max: 50 }),
  });
  return fc.array(one, { minLength: count, maxLength: count }).map((list) =>
    list.map(({ parent, start, length, like, alone }, i) => {
      const { spanId: _, startUnixNano, ...model } = spans[like] as Span;
      const name = alone === 0 ? `only \n ${i} ${'long '.repeat(300)}` : model.name;
      const above = i === 0 ? '' : `s${parent % i}`;
      const { events } = at('', '', 0, 0, model.events.length > 0 ? { events: model.events } : {});
      const moved = events.map((event) => ({ ...event, timeUnixNano: BigInt(start) * 1_000_000n }));
      const made = at(`s${i}`, above, i === 0 ? 0 : start, i === 0 ? 60_000 : start + length);
      return { ...made, ...pick(model), name, events: moved };
    }),
  );
}

function pick({
  kind,
  attributes,
  links,
  status,
  traceState,
  resource,
}: Omit<Span, 'spanId' | 'startUnixNano'>) {
  return { kind, attributes, links, status, traceState, resource };
}

test('messages have fewer than 60 lines however large the trace', { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(anySpans(10_000), (list) => {
      const trace = new Trace(list);
      for (const { matcher, row } of rows) {
        const on = matcher === 'toHaveAmplification' ? [trace, ...(row.passes[0].on as [])] : trace;
        for (const { args } of [row.passes[0], row.fails[0]]) {
          const messages = [false, true].flatMap((not) => {
            try {
              call(on, matcher, not)(...args);
              return [];
            } catch (error) {
              return [(error as Error).message];
            }
          });
          expect(messages.length, matcher).toBeGreaterThan(0);
          for (const message of messages) {
            expect(message.split('\n').length, matcher).toBeLessThan(60);
            expect(
              Math.max(...message.split('\n').map(({ length }) => length)),
              matcher,
            ).toBeLessThan(1500);
          }
        }
      }
    }),
    { numRuns: 1, seed: 1 },
  );
});

test('patterns hold values of vitest within', () => {
  expect(whole).toHaveSpan({ service: 'auth', name: expect.stringMatching('auth') });
  expect(whole).toHaveSpanTree({ children: [{ name: expect.stringContaining('GET') }] });
  expect(whole).toHaveCriticalPath([{ name: expect.stringMatching('users') }]);
  expect(auth).toHaveAttributes({ 'http.response.status_code': expect.any(Number) });
  expect(auth).toHaveEvent({ attributes: { 'aftershock.pause.kind': expect.anything() } });
  expect(auth).not.toHaveStatus('error', expect.any(String));
  expect(whole).toCarryTracestate({ rojo: expect.any(String) }, { at: { spanId: 'auth' } });
  expect(whole).toAttributePause({ service: 'auth', kind: expect.stringMatching('gc') });
});

test('what cannot be asked is refused', () => {
  expect(() => expect(auth).toBeLinkedTo({})).toThrow(
    'toBeLinkedTo needs a span, or its traceId or spanId',
  );
  expect(() => expect(whole).toRunConcurrently([{ name: 'left' }])).toThrow(
    'toRunConcurrently needs at least two spans; 1 fit [{ name: "left" }]',
  );
});

test('bounds and tolerances that cannot be are refused', () => {
  const short = { toleranceMs: 0.5 };
  const message = /toleranceMs must be at least 1, .+ it is 0.5/;
  expect(() => expect(whole).toHaveDurationWithin({})).toThrow(/minMs or maxMs/);
  expect(() => expect(whole).toHaveDurationWithin({ minMs: 5, maxMs: 1 })).toThrow(RangeError);
  expect(() => expect(whole).toHaveDurationWithin({ maxMs: 1, ...short })).toThrow(message);
  expect(() => expect(whole).toHaveSelfTimeWithin({ maxMs: 1, ...short })).toThrow(message);
  expect(() => expect(whole).toHaveSpanTree({}, short)).toThrow(message);
  expect(() => expect(whole).toHaveCriticalPath([], short)).toThrow(message);
  expect(() => expect(whole).toAttributePause({ service: 'auth', ...short })).toThrow(message);
  const two = [{ name: 'left' }, { name: 'right' }];
  expect(() => expect(whole).toRunConcurrently(two, short)).toThrow(message);
  expect(() => expect(whole).toRunConcurrently([{ name: 'left' }])).toThrow(/at least two/);
  const amplified = { service: 'user', min: 1 };
  expect(() => expect([whole]).toHaveAmplification({ ...amplified, ...short })).toThrow(message);
  expect(() => expect([whole]).toHaveAmplification({ service: 'user' })).toThrow(/min or max/);
  expect(() => expect([whole]).toHaveAmplification({ ...amplified, max: 0 })).toThrow(
    /min 1 and max 0/,
  );
  expect(() => expect([whole]).toHaveAmplification({ ...amplified, percentile: 0 })).toThrow(
    /above 0 and at most 100; it is 0/,
  );
});

test('amplification that cannot be known is neither', () => {
  for (const [traces, message] of [
    [[], /of 0 traces, of 0 without a pause/],
    [[new Trace([])], /of 1 trace, of 1 without a pause none has their root/],
    [[whole], /of 1 trace, of 0 without a pause none has their root: give some as `baseline`/],
    [[new Trace([at('a', '', 0, 9)])], /none was hit by a pause of user alone and has their root/],
  ] as const) {
    expect(() => expect(traces).toHaveAmplification({ service: 'user', min: 1 })).toThrow(message);
    expect(() => expect(traces).not.toHaveAmplification({ service: 'user', min: 1 })).toThrow(
      message,
    );
  }
});

const amplifiedOnce = amplified([100]);

test.each<{ asked: object; message: string }>([
  { asked: {}, message: 'min (none) and max (none)' },
  { asked: { min: Number.NaN }, message: 'min NaN and max (none)' },
  { asked: { max: Infinity }, message: 'min (none) and max Infinity' },
  { asked: { min: 2, max: 1 }, message: 'min 2 and max 1' },
])('amplification is not held against $asked', ({ asked, message }) => {
  expect(() => expect(amplifiedOnce).toHaveAmplification({ service: 'user', ...asked })).toThrow(
    new RangeError(`toHaveAmplification needs min or max or both, min ≤ max; they are ${message}`),
  );
});

test.each<{ asked: object; message: string }>([
  { asked: { percentile: 100.5 }, message: 'above 0 and at most 100; it is 100.5' },
  {
    asked: { min: 1, max: 1, kind: 'freeze' },
    message: 'none was hit by a pause of kind "freeze" of user alone and has their root',
  },
  {
    asked: { at: { service: 'db' } },
    message: 'of 5 without a pause none has { service: "db" }: give some as `baseline`',
  },
  {
    asked: { at: { name: 'a' }, baseline: [new Trace([at('a', '', 0, 9)])] },
    message: 'none was hit by a pause of user alone and has { name: "a" }',
  },
])('amplification is not known of $asked', ({ asked, message }) => {
  expect(() =>
    expect(amplifiedOnce).toHaveAmplification({ service: 'user', min: 1, ...asked }),
  ).toThrow(message);
});

test('amplification counts the attempts of a call as one, and the longest call of several', () => {
  const call = (spanId: string, start: number, end: number, more = {}) =>
    at(spanId, 'root', start, end, { service: 'load', kind: 'client', name: 'GET', ...more });
  const events = auth.span.events.map((event) => ({ ...event, timeUnixNano: 5_000_000n }));
  const traces = [
    new Trace([at('root', '', 0, 300, { service: 'load' }), call('once', 0, 20)]),
    new Trace([
      at('root', '', 0, 300, { service: 'load' }),
      call('short', 0, 5, { attributes: { 'url.path': '/short' } }),
      call('first', 10, 50, { status: 'error' }),
      call('again', 55, 60, { status: 'error' }),
      call('last', 65, 90),
      at('hop', 'first', 11, 49, { service: 'user', kind: 'server', events }),
      call('other', 200, 210, { name: 'GET /other' }),
      call('after', 220, 222, { attributes: { 'url.path': '/after' } }),
    ]),
  ];
  expect(traces).toHaveAmplification({ service: 'user', at: { name: 'GET' }, min: 1.4, max: 1.6 });
});

test.each<{ one: string; other: string; same: boolean }>([
  { one: '/users/1', other: '/users/22', same: true },
  { one: '/users/1', other: '/orders/1', same: false },
  { one: '/users/1', other: '/users/', same: false },
  {
    one: '/a/3f0c1d2e-0000-4000-8000-00000000000a',
    other: '/a/b47ac10b-58cc-4372-a567-0e02b2c3d479',
    same: true,
  },
  { one: "name = 'ann'", other: "name = 'bo'", same: true },
  { one: "name = 'ann' or a", other: "name = 'bo' or b", same: false },
])('toHaveNoRepeatedCalls() takes $one and $other for the same: $same', ({ one, other, same }) => {
  const trace = new Trace([
    at('root', '', 0, 100, { service: 'api' }),
    ...[one, other].map((path, i) =>
      at(`call${i}`, 'root', 10 * i, 10 * i + 5, {
        ...{ kind: 'client', service: 'api', name: 'GET' },
        attributes: { 'url.path': path, ...(i === 1 && { 'aftershock.call.index': i }) },
      }),
    ),
  ]);
  if (same) expect(trace).not.toHaveNoRepeatedCalls();
  else expect(trace).toHaveNoRepeatedCalls();
});

test('toHaveNoRepeatedCalls() looks at calls of one span to one peer only, attempts left out', () => {
  const call = (spanId: string, parent: string, start: number, more = {}) =>
    at(spanId, parent, start, start + 5, { service: 'api', kind: 'client', name: 'GET', ...more });
  const to = (port: number) => ({ attributes: { 'server.port': port } });
  const spans = [
    at('root', '', 0, 100, { service: 'api' }),
    at('part', 'root', 0, 100, { service: 'api' }),
    call('a', 'root', 0, to(80)),
    call('b', 'root', 10, to(81)),
    call('c', 'part', 20, to(80)),
    call('d', 'root', 30, { ...to(90), status: 'error' }),
    call('e', 'root', 40, to(90)),
    call('f', 'root', 50, { kind: 'internal' }),
    call('g', 'root', 60, { kind: 'internal' }),
  ];
  const trace = new Trace(spans);
  expect(trace).toHaveNoRepeatedCalls();
  const twice = new Trace([
    ...spans,
    call('h', 'root', 70, to(80)),
    call('i', 'part', 80, to(80)),
    call('j', 'root', 85, to(90)),
  ]);
  expect(() => expect(twice).toHaveNoRepeatedCalls()).toThrow(
    /Actual: +2× "GET", 2× "GET", 2× "GET"\n/,
  );
  expect(twice).toHaveNoRepeatedCalls({ of: { attributes: { 'server.port': 81 } } });
});
