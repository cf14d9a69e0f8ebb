import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffTraceSets } from '../../traces/diff/diffSets.ts';
import { diffTraces, type HopDiff } from '../../traces/diff/diffTraces.ts';
import { withoutIds } from '../../traces/diff/hop.ts';
import { quantileInterval, shareInterval } from '../../traces/diff/quantileInterval.ts';
import type { Span } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import { chain, failing, fanOut, recorded, retried } from './seenTraces.ts';
import { msSpan } from './span.ts';

/** B is a minute later, with ids of its own. */
function pair(a: readonly Span[], b: readonly Span[]): [Trace, Trace] {
  return [new Trace(recorded('a', a)), new Trace(recorded('b', b, 60_000))];
}

function diff(a: readonly Span[], b: readonly Span[]) {
  return diffTraces(...pair(a, b));
}

/** Hop, state, delta in milliseconds, and the largest cause. */
function row({ a, b, state, deltaNano, causes }: HopDiff): string {
  const view = b ?? a;
  const [cause] = causes;
  const by = cause === undefined ? '' : ` ${cause.cause} of ${cause.service}`;
  return `${view?.service} ${view?.span.name} ${state} ${Number(deltaNano) / 1e6}${by}`;
}

describe('diffTraces()', () => {
  test.each([chain(), retried(3), fanOut(4), failing()])(
    'sees nothing in a trace that came again',
    (...spans) => {
      const { hops, deltaNano, alike, outsideNano } = diff(spans, spans);
      expect({ hops, deltaNano, outsideNano }).toEqual({
        hops: [],
        deltaNano: 0n,
        outsideNano: { a: 0n, b: 0n },
      });
      expect(alike).toBe(spans.length);
    },
  );

  test('blames a pause on who paused, where only the slow trace has the wait', () => {
    const { hops, deltaNano } = diff(chain(), chain({ pauseMs: 120 }));
    expect(deltaNano).toBe(120_000_000n);
    expect(hops.map(row)).toEqual(['user server.queue new 120 pause of user']);
  });

  test('says less than a millisecond to be no difference', () => {
    expect(diff(chain({ workMs: 5 }), chain({ workMs: 5.9 })).hops).toEqual([]);
    expect(diff(chain({ workMs: 5 }), chain({ workMs: 6 })).hops.map(row)).toEqual([
      'user GET /users/:id both 1 work of user',
    ]);
  });

  test('puts the attempt that succeeded beside the call that did, and tells the others', () => {
    const { hops } = diff(retried(1), retried(3));
    expect(hops.map(row)).toEqual([
      'gateway GET retry 30 time-out of gateway',
      'gateway GET retry 30 time-out of gateway',
      'gateway GET /users/:id both 20 retry of gateway',
    ]);
    expect(hops[0]?.spans).toBe(2);
    expect(hops.filter(({ a, b }) => a !== null && b !== null)).toHaveLength(1);
  });

  test('tells calls that are made more often from calls that are new', () => {
    const calls = (times: number) => [
      msSpan('root', '', 0, 100, { service: 'a', kind: 'server', name: 'GET /' }),
      ...Array.from({ length: times }, (_, i) =>
        msSpan(`c${i}`, 'root', 1 + 5 * i, 4 + 5 * i, {
          service: 'a',
          kind: 'client',
          name: `SELECT ${i}`,
        }),
      ),
    ];
    const states = (a: number, b: number) =>
      diff(calls(a), calls(b)).hops.map(({ state }) => state);
    expect(states(2, 4).toSorted()).toEqual(['both', 'repeated', 'repeated']);
    expect(states(4, 2).toSorted()).toEqual(['both', 'repeated', 'repeated']);
    expect(states(0, 1).toSorted()).toEqual(['both', 'new']);
    expect(states(1, 0).toSorted()).toEqual(['both', 'missing']);
  });

  test('finds each of calls that run at once again, though they start in another order', () => {
    const mixed = fanOut(5);
    const { hops } = diff(mixed, mixed.toReversed());
    expect(hops).toEqual([]);
    expect(diff(fanOut(5, 30), fanOut(5, 60)).hops.map(row)).toEqual([
      'leaf4 GET /leaf both 30 work of leaf4',
    ]);
  });

  test('tells status and attributes that differ, but none that are another each time', () => {
    const served = (code: number, port: number, status: 'unset' | 'error') => [
      msSpan('s', '', 0, 10, {
        service: 'a',
        name: `GET /users/${port}`,
        status,
        attributes: {
          'http.response.status_code': code,
          'client.port': port,
          'url.path': `/users/${port}`,
        },
      }),
    ];
    expect(
      diff(served(200, 40_001, 'unset'), served(500, 40_002, 'error')).hops[0]?.changes,
    ).toEqual([
      { what: 'status', a: '"unset"', b: '"error"' },
      { what: 'http.response.status_code', a: '200', b: '500' },
    ]);
    expect(diff(served(200, 40_001, 'unset'), served(200, 40_002, 'unset')).hops).toEqual([]);
  });

  test('compares from where both begin, and tells what is left out', () => {
    const whole = chain({ workMs: 30 });
    const below = chain().filter(({ spanId }) => spanId !== 'load');
    const { hops, outsideNano } = diff(below, whole);
    expect(hops.map(row)).toEqual(['user GET /users/:id both 25 work of user']);
    expect(outsideNano).toEqual({ a: 0n, b: 2_000_000n });
  });

  test('shows what is slower off the critical path, at the end', () => {
    const slow = (ms: number) => [
      msSpan('root', '', 0, 100, { service: 'a', name: 'root' }),
      msSpan('long', 'root', 0, 100, { service: 'a', name: 'long' }),
      msSpan('side', 'root', 0, ms, { service: 'a', name: 'side' }),
    ];
    expect(diff(slow(10), slow(40)).hops.map(row)).toEqual(['a side both 0']);
  });

  test('adds up, is its own opposite, and does not depend on the order of spans', () => {
    const rows = fc.array(
      fc.record({
        parent: fc.nat({ max: 30 }),
        start: fc.nat({ max: 200 }),
        length: fc.nat({ max: 200 }),
        name: fc.constantFrom('a', 'b', 'c 1', 'c 2'),
        service: fc.constantFrom('x', 'y'),
        kind: fc.constantFrom<Span['kind']>('client', 'server', 'internal'),
        status: fc.constantFrom<Span['status']['code']>('unset', 'error'),
      }),
      { minLength: 1, maxLength: 30 },
    );
    const spansOf = (list: typeof rows extends fc.Arbitrary<infer T> ? T : never): Span[] => [
      msSpan('root', '', 0, 150, { service: 'x', name: 'root' }),
      ...list.map(({ parent, start, length, ...more }, i) =>
        msSpan(`s${i}`, parent >= i ? 'root' : `s${parent}`, start, start + length, more),
      ),
    ];
    fc.assert(
      fc.property(rows, rows, fc.infiniteStream(fc.double({ noNaN: true })), (x, y, chance) => {
        const [a, b] = [spansOf(x), spansOf(y)];
        const every = { toleranceNano: 1n };
        const [traceA, traceB] = pair(a, b);
        const there = diffTraces(traceA, traceB, every);
        const sum = there.hops.reduce((total, { deltaNano }) => total + deltaNano, 0n);
        expect(sum).toBe(there.deltaNano);
        for (const { causes, deltaNano } of there.hops) {
          expect(causes.reduce((total, each) => total + each.deltaNano, 0n)).toBe(deltaNano);
        }
        const back = diffTraces(traceB, traceA, every);
        const deltas = ({ hops }: typeof back, sign: bigint) =>
          hops
            .map(
              ({ a, b, deltaNano }) =>
                `${a?.span.spanId ?? ''}${b?.span.spanId ?? ''} ${sign * deltaNano}`,
            )
            .toSorted();
        const swapped = { ...back, hops: back.hops.map((hop) => ({ ...hop, a: hop.b, b: hop.a })) };
        expect(deltas(swapped, -1n)).toEqual(deltas(there, 1n));
        const keys = new Map(b.map((span) => [span, chance.next().value]));
        const shuffled = b.toSorted((p, q) => (keys.get(p) ?? 0) - (keys.get(q) ?? 0));
        expect(deltas(diffTraces(...pair(a, shuffled), every), 1n)).toEqual(deltas(there, 1n));
      }),
      { numRuns: 100 },
    );
  });

  test('aligns thousands of alike calls', () => {
    const calls = (times: number) => [
      msSpan('root', '', 0, 2 * times, { service: 'a', name: 'root' }),
      ...Array.from({ length: times }, (_, i) =>
        msSpan(`c${i}`, 'root', 2 * i, 2 * i + 1, { service: 'a', kind: 'client', name: 'SELECT' }),
      ),
    ];
    const { hops, deltaNano } = diff(calls(4_000), calls(6_000));
    expect(hops.filter(({ state }) => state === 'repeated')).toHaveLength(2_000);
    expect(deltaNano).toBe(4_000_000_000n);
  });
});

describe('diffTraceSets()', () => {
  /** Work of user that is spread evenly over 20 ms, and a pause of every twentieth trace. */
  function set(size: number, { workMs = 5, pauseMs = 0, fails = 0 } = {}): Trace[] {
    return Array.from({ length: size }, (_, i) => {
      const pause = i % 20 === 0 ? pauseMs : 0;
      const spans = chain({ workMs: workMs + ((i * 7) % 20), pauseMs: pause });
      const failed = spans.map((span) =>
        span.spanId === 'user' && i % 100 < fails
          ? { ...span, status: { code: 'error' as const, message: '' } }
          : span,
      );
      return new Trace(recorded(`${workMs} ${pauseMs} ${i}`, failed));
    });
  }

  test('says nothing of what is noise', () => {
    const { hops, whole, alike, traces } = diffTraceSets(set(600), set(500));
    expect({ hops, findings: whole.findings }).toEqual({ hops: [], findings: [] });
    expect({ alike, traces }).toEqual({ alike: 7, traces: { a: 600, b: 500 } });
  });

  test('finds the hop that is slower, by median and P99', () => {
    const { hops } = diffTraceSets(set(600), set(600, { workMs: 35 }));
    expect(hops.map(({ hop }) => `${hop.service} ${hop.name} ${hop.kind}`)).toEqual([
      'user GET /users/:id server',
    ]);
    const [slower] = hops;
    expect(slower?.p50Ms).toEqual({ a: 18, b: 48 });
    expect(slower?.findings).toContainEqual(
      expect.objectContaining({ what: 'time', cause: 'work', quantile: 0.99 }),
    );
  });

  test('says nothing where there are too few to tell', () => {
    expect(diffTraceSets(set(5), set(5, { workMs: 100 })).hops).toEqual([]);
    expect(diffTraceSets(set(12), set(12, { workMs: 100 })).hops).toHaveLength(1);
  });

  test('finds shares: a hop that is new, calls that fail, calls that are made again', () => {
    const found = (a: Trace[], b: Trace[]) =>
      diffTraceSets(a, b).hops.flatMap(({ hop, findings }) =>
        findings.flatMap((each) =>
          each.what === 'time' ? [] : [`${hop.name} ${each.what} ${each.a} ${each.b}`],
        ),
      );
    expect(found(set(400), set(400, { pauseMs: 50 }))).toEqual(['server.queue present 0 0.05']);
    expect(found(set(400), set(400, { fails: 30 }))).toEqual(['GET /users/:id failed 0 0.3']);
    const tries = (n: number, name: string) =>
      Array.from({ length: 40 }, (_, i) => new Trace(recorded(`${name}${i}`, retried(n))));
    expect(found(tries(1, 'once'), tries(2, 'twice'))).toContain('GET repeated 0 1');
  });
});

test.each([
  { length: 7, quantile: 0.5, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY },
  { length: 8, quantile: 0.5, low: 1, high: 8 },
  { length: 100, quantile: 0.5, low: 37, high: 64 },
  { length: 458, quantile: 0.99, low: 447, high: Number.POSITIVE_INFINITY },
])('quantileInterval() of $length values at $quantile', ({ length, quantile, low, high }) => {
  const values = Array.from({ length }, (_, i) => i + 1);
  const interval = quantileInterval(values, quantile);
  expect(interval).toEqual({ value: Math.ceil(quantile * length), low, high });
});

test('quantileInterval() covers the true quantile as often as it says', () => {
  const uniform = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), {
    minLength: 1,
    maxLength: 300,
  });
  fc.assert(
    fc.property(uniform, fc.constantFrom(0.5, 0.9, 0.99), (values, quantile) => {
      const { value, low, high } = quantileInterval(
        values.toSorted((a, b) => a - b),
        quantile,
      );
      expect(low <= value && value <= high).toBe(true);
    }),
  );
  let misses = 0;
  // A linear congruential generator: the same numbers each time.
  let state = 42;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const runs = 4_000;
  for (let run = 0; run < runs; run++) {
    const values = Array.from({ length: 60 }, random).sort((a, b) => a - b);
    const { low, high } = quantileInterval(values, 0.5);
    if (low > 0.5 || high < 0.5) misses++;
  }
  expect(misses / runs).toBeLessThan(0.01 + 3 * Math.sqrt(0.01 / runs));
  expect(misses).toBeGreaterThan(0);
});

test.each([
  { part: 0, whole: 0, low: 0, high: 1 },
  { part: 0, whole: 100, low: 0, high: 0.062 },
  { part: 50, whole: 100, low: 0.375, high: 0.625 },
  { part: 100, whole: 100, low: 0.938, high: 1 },
])('shareInterval() of $part of $whole', ({ part, whole, low, high }) => {
  const interval = shareInterval(part, whole);
  expect(interval.low).toBeCloseTo(low, 2);
  expect(interval.high).toBeCloseTo(high, 2);
});

test.each([
  { text: 'GET /users/42', want: 'GET /users/?' },
  { text: 'GET /v2/users', want: 'GET /v2/users' },
  { text: 'job 6f1ed002-ab59-4e5c-9f3e-1b3a4e6f7a8b', want: 'job ?' },
  { text: 'trace 4bf92f3577b34da6', want: 'trace ?' },
])('withoutIds() of $text', ({ text, want }) => {
  expect(withoutIds(text)).toBe(want);
});
