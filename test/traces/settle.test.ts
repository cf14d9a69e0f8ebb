import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startCollector } from '../../collector/collector.ts';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { settle } from '../../traces/settle.ts';
import { FileSource } from '../../traces/source/file.ts';
import { InProcessExporter } from '../../traces/source/inProcess.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import { SourceError } from '../../traces/source/sourceError.ts';
import type { TraceSource } from '../../traces/source/traceSource.ts';
import type { Span } from '../../traces/span.ts';
import type { Trace } from '../../traces/trace.ts';
import { TraceIncompleteError, TraceUnavailableError } from '../../traces/traceIncompleteError.ts';
import { startFakeJaeger } from './fakeJaeger.ts';
import { type Fate, faultySource } from './faultySource.ts';
import { msSpan as at } from './span.ts';

const parent = '00f067aa0ba902b7';
const header = `00-4bf92f3577b34da6a3ce929d0e0e4736-${parent}-01`;
const http = { attributes: { 'http.request.method': 'GET' } };
const id = (n: number) => n.toString(16).padStart(16, '0');
/** gateway → auth → user, with a leaf of which nothing else tells. */
const chain: Span[] = [
  at(id(1), parent, 0, 100, { kind: 'server', service: 'gateway' }),
  at(id(2), id(1), 10, 90, { kind: 'client', service: 'gateway', ...http }),
  at(id(3), id(2), 15, 85, { kind: 'server', service: 'auth' }),
  at(id(4), id(3), 20, 80, { kind: 'client', service: 'auth', ...http }),
  at(id(5), id(4), 25, 75, { kind: 'server', service: 'user' }),
  at(id(6), id(5), 30, 40, { name: 'SELECT users', service: 'user' }),
];
const counts = { gateway: 2, auth: 2, user: 2 };
const fine: Fate = { atMs: 0, copies: 1, flickers: false };
const lost: Fate = { ...fine, atMs: Infinity };

async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

describe('settle()', () => {
  test('gives the whole trace, below the injected parent, once it is quiet', async () => {
    const made = faultySource(chain, []);
    const trace = await settle(made.source, header, { counts, ...made.clock });
    expect(trace.spans).toHaveLength(6);
    expect(trace.root?.service).toBe('gateway');
    expect(made.nowMs).toBe(200);
  });

  test('waits for what comes 3 s late', async () => {
    const made = faultySource(chain, [fine, fine, { ...fine, atMs: 3000 }]);
    const trace = await settle(made.source, header, made.clock);
    expect(trace.orphans).toEqual([]);
    expect(made.nowMs).toBe(3200);
  });

  test.each([
    { what: 'the first server span', i: 0, says: 'the first server span is missing' },
    { what: 'a client span', i: 1, says: `the parent ${id(2)} of auth "${id(3)}" is missing` },
    { what: 'a server span', i: 4, says: `the server span of auth "${id(4)}" is missing` },
    { what: 'a leaf', i: 5, says: 'count: user has ended 2 spans; 1 came' },
  ])('says which rule is not met when $what is lost', async ({ i, says }) => {
    const fates = chain.map((_, j) => (j === i ? lost : fine));
    const made = faultySource(chain, fates);
    const error = await outcome(settle(made.source, header, { counts, ...made.clock }));
    expect(error).toBeInstanceOf(TraceIncompleteError);
    const { message, trace } = error as TraceIncompleteError;
    // A reader of the error gets the message, not every span behind it.
    expect(Object.keys(error as Error)).not.toContain('trace');
    expect(message).toContain(says);
    expect(message).toContain('not whole within 10000 ms');
    expect(message.split('\n').length).toBeLessThan(60);
    expect(trace.spans).toHaveLength(5);
  });

  test('shows what came', async () => {
    const made = faultySource(chain, [fine, fine, fine, fine, lost, lost]);
    const error = await outcome(settle(made.source, header, made.clock));
    expect((error as Error).message).toMatchInlineSnapshot(`
      "The trace was not whole within 10000 ms:
        structure: the server span of auth "0000000000000004" is missing; if its peer is not instrumented, say so by \`isInstrumented\`
      What came:
      trace 4bf92f3577b34da6a3ce929d0e0e4736 · 4 spans · 2 services · 100 ms
                                  0                                           100 ms
      gateway 0000000000000001    ██████████████████████████████████████████████████ 100 ms
      gateway  0000000000000002        ████████████████████████████████████████      80.0 ms
      auth      0000000000000003         ████████████████████████████████████        70.0 ms
      auth       0000000000000004           ██████████████████████████████           60.0 ms
                ◄ the server span of auth "0000000000000004" is missing; if its peer is not instrumented, say so by \`isInstrumented\`"
    `);
  });

  test('has the injected parent, too, where it is a span, and what goes round in a circle', async () => {
    const spans = [
      at(parent, '', 0, 100),
      ...chain,
      at(id(8), id(9), 1, 2),
      at(id(9), id(8), 1, 2),
    ];
    const made = faultySource([...spans, at(id(7), '', 0, 9)], []);
    const trace = await settle(made.source, header, made.clock);
    expect(trace.spans.map(({ spanId }) => spanId).toSorted()).toEqual(
      spans.map(({ spanId }) => spanId).toSorted(),
    );
  });

  test('leaves out what the source gives of other traces', async () => {
    const other = { ...at(id(7), parent, 0, 9), traceId: 'f'.repeat(32) };
    const made = faultySource([...chain, other], []);
    expect((await settle(made.source, header, made.clock)).spans).toEqual(chain);
  });

  test('gives the trace the link of its source, where it has one', async () => {
    const made = faultySource(chain, []);
    expect((await settle(made.source, header, made.clock)).options).toStrictEqual({
      remoteParentId: parent,
    });
    const source = { ...made.source, linkTo: (traceId: string) => `http://ui/${traceId}` };
    expect((await settle(source, header, made.clock)).options).toEqual({
      remoteParentId: parent,
      link: `http://ui/${chain[0]?.traceId}`,
    });
  });

  test('hands on an error that is not of the source, at once', async () => {
    const made = faultySource(chain, []);
    const source = { getTrace: () => Promise.reject(new TypeError('a bug')) };
    expect(await outcome(settle(source, header, made.clock))).toEqual(new TypeError('a bug'));
    expect(made.nowMs).toBe(0);
  });

  test('says how long it is quiet, what it waited for, and why the source failed', async () => {
    const late = faultySource(chain, [fine, fine, fine, fine, fine, { ...fine, atMs: 950 }]);
    const soon = { counts, timeoutMs: 1000, quietMs: 300, ...late.clock };
    const { unmet } = (await outcome(settle(late.source, header, soon))) as TraceIncompleteError;
    expect(unmet).toEqual([
      { rule: 'quiet', message: 'the last span came only 50 ms ago, not 300', spanIds: [] },
    ]);

    const made = faultySource(chain, []);
    const asked = { ...made.clock, timeoutMs: 100, expect: () => false };
    const error = (await outcome(settle(made.source, header, asked))) as TraceIncompleteError;
    expect(error.unmet).toEqual([
      { rule: 'expectation', message: '`expect` gave false', spanIds: [] },
    ]);
    expect(error.cause).toEqual(new Error('`expect` gave false'));

    const cause = new SourceError('refused', 'status 503');
    const down = faultySource(chain, []);
    await down.clock.sleep(5000);
    const source = { getTrace: () => Promise.reject(cause) };
    const failed = await outcome(settle(source, header, { ...down.clock, timeoutMs: 120 }));
    expect(failed).toMatchObject({
      name: 'TraceUnavailableError',
      message: expect.stringContaining('status 503 (tried for 120 ms)'),
      cause,
    });
  });

  test('does not ask what the test expects of a trace that is not whole', async () => {
    let asked = 0;
    const made = faultySource(chain, [lost]);
    await outcome(settle(made.source, header, { ...made.clock, expect: () => ++asked }));
    expect(asked).toBe(0);
  });

  test('says that nothing came', async () => {
    const made = faultySource([], []);
    const error = await outcome(settle(made.source, header, { timeoutMs: 500, ...made.clock }));
    expect((error as Error).message).toMatch(/within 500 ms:\n {2}structure: no span has come;/);
  });

  test('waits for what the test expects, and says what was not so', async () => {
    const made = faultySource(chain, [fine, fine, fine, fine, fine, { ...fine, atMs: 700 }]);
    const looksFor = (name: string) => ({
      ...made.clock,
      expect: (trace: { find(pattern: { name: string }): unknown }) => trace.find({ name }),
    });
    const trace = await settle(made.source, header, looksFor('SELECT users'));
    expect(trace.spans).toHaveLength(6);
    const error = await outcome(settle(made.source, header, looksFor('DELETE')));
    expect((error as Error).message).toMatch(/expectation: Exactly one span must fit.+DELETE/);
    expect((error as Error).cause).toBeInstanceOf(RangeError);
  });

  test('does not wait for a server span where the peer has none', async () => {
    const made = faultySource(chain.slice(0, 2), []);
    const isInstrumented = () => false;
    const trace = await settle(made.source, header, { isInstrumented, ...made.clock });
    expect(trace.spans).toHaveLength(2);
  });

  test('leaves out what another test did in the same trace', async () => {
    const other = [at(id(91), '', 0, 9), at(id(92), id(91), 1, 2)];
    const made = faultySource([...other, ...chain], []);
    const trace = await settle(made.source, header, { counts, ...made.clock });
    expect(trace.spans).toHaveLength(6);
  });

  test('does not pass while a span of the trace may or may not be below the parent', async () => {
    const stray = at(id(91), 'e'.repeat(16), 0, 9, { service: 'other' });
    const made = faultySource([...chain, stray], []);
    const error = await outcome(settle(made.source, header, { counts, ...made.clock }));
    expect(error).toBeInstanceOf(TraceIncompleteError);
    expect((error as Error).message).toContain('parent eeeeeeeeeeeeeeee of other');
  });

  test('waits for as many spans as the services say that they have ended', async () => {
    const made = faultySource(chain, [fine, fine, fine, fine, fine, { ...fine, atMs: 3000 }]);
    const source = { ...made.source, endedSpans: async () => counts };
    const trace = await settle(source, header, made.clock);
    expect(trace.spans).toHaveLength(6);
    expect(made.nowMs).toBe(3200);
  });

  test('holds the count of the services against the whole trace, not what is below one parent', async () => {
    const other = [at(id(91), 'e'.repeat(16), 0, 9, { service: 'user' })];
    const made = faultySource([...other, ...chain], []);
    const rootsElsewhere = at('e'.repeat(16), '', 0, 10, { service: 'cron' });
    const source: TraceSource = {
      getTrace: async (traceId) => [
        ...((await made.source.getTrace(traceId)) ?? []),
        rootsElsewhere,
      ],
      endedSpans: async () => ({ ...counts, user: 3 }),
    };
    const trace = await settle(source, header, made.clock);
    expect(trace.spans).toHaveLength(6);
  });

  test('a service that cannot be asked makes the trace unavailable, not incomplete', async () => {
    const made = faultySource(chain, []);
    const endedSpans = () => Promise.reject(new SourceError('unreachable', 'user is away'));
    const failure = outcome(settle({ ...made.source, endedSpans }, header, made.clock));
    expect(await failure).toBeInstanceOf(TraceUnavailableError);
    expect((await failure) as Error).toMatchObject({ message: expect.stringContaining('away') });
  });

  test('of a source that fails for a while, what came before is kept', async () => {
    const made = faultySource(chain, []);
    let looks = 0;
    const source: TraceSource = {
      async getTrace(traceId) {
        if (looks++ % 3 === 1) throw new SourceError('refused', 'status 503', { status: 503 });
        const found = await made.source.getTrace(traceId);
        return found?.filter((_, i) => i % 2 === looks % 2) ?? null;
      },
    };
    const trace = await settle(source, header, { counts, ...made.clock });
    expect(trace.spans).toHaveLength(6);
  });

  test('a last look that is cut off keeps the reason of the one before', async () => {
    let looks = 0;
    const reason = new SourceError('unreachable', 'http://gone cannot be reached');
    const source: TraceSource = {
      getTrace: () => (++looks === 1 ? Promise.reject(reason) : new Promise(() => {})),
    };
    const error = await outcome(settle(source, header, { timeoutMs: 50, pollMs: 1 }));
    expect(error).toBeInstanceOf(TraceUnavailableError);
    expect((error as Error).message).toMatch(
      /: http:\/\/gone cannot be reached \(tried for \d+ ms\)$/,
    );
    expect((error as Error).cause).toBe(reason);
    expect(looks).toBe(2);
  });

  test('a look that is cut off is the last one, by a clock that is behind the timer, too', async () => {
    const made = faultySource(chain, []);
    const cause = new SourceError('refused', 'status 503');
    let looks = 0;
    const source: TraceSource = {
      getTrace: () => (++looks === 1 ? Promise.reject(cause) : new Promise(() => {})),
    };
    const asked = { ...made.clock, timeoutMs: 55, pollMs: 50 };
    const error = await outcome(settle(source, header, asked));
    expect(error).toMatchObject({ message: expect.stringContaining('status 503 (tried'), cause });
    expect(looks).toBe(2);
  });

  test('a source that cannot be read is no trace that is incomplete', async () => {
    const jaeger = await startFakeJaeger({});
    await jaeger.stop();
    const source = new JaegerSource(jaeger.url, { attempts: 1 });
    const error = await outcome(settle(source, header, { timeoutMs: 300 }));
    expect(error).toBeInstanceOf(TraceUnavailableError);
    expect((error as Error).message).toMatch(/^Nothing is known of trace 4bf9.+cannot be reached/);
  });

  test('a source that never answers is unavailable when the time is up', async () => {
    const source: TraceSource = { getTrace: () => new Promise(() => {}) };
    const error = await outcome(settle(source, header, { timeoutMs: 50 }));
    expect(error).toBeInstanceOf(TraceUnavailableError);
    expect((error as Error).message).toMatch(
      /the source gave no answer within (4\d|50) ms \(tried for \d+ ms\)$/,
    );
  });

  test('a service has only the time that the spans have left', async () => {
    const made = faultySource(chain, []);
    const source: TraceSource = {
      async getTrace(traceId) {
        await made.clock.sleep(40);
        return made.source.getTrace(traceId);
      },
      endedSpans: (_, signal) =>
        new Promise(() => signal?.addEventListener('abort', () => made.clock.sleep(10))),
    };
    const error = await outcome(settle(source, header, { ...made.clock, timeoutMs: 50 }));
    expect((error as Error).message).toMatch(/no answer within 10 ms \(tried for 50 ms\)$/);
  });

  test('a last look at a source that has answered may take longer than is left', async () => {
    const made = faultySource(chain.slice(1), []);
    let looks = 0;
    const source: TraceSource = {
      async getTrace(traceId) {
        if (++looks === 2) await new Promise((resolve) => setTimeout(resolve, 20));
        return made.source.getTrace(traceId);
      },
    };
    const error = await outcome(settle(source, header, { ...made.clock, timeoutMs: 50 }));
    expect(error).toBeInstanceOf(TraceIncompleteError);
    expect(looks).toBe(2);
  });

  test('does not pass while the source fails, quiet as it is', async () => {
    const made = faultySource(chain, []);
    const source: TraceSource = {
      getTrace: (traceId) =>
        made.nowMs > 0 && made.nowMs < 1000
          ? Promise.reject(new SourceError('refused', 'status 503'))
          : made.source.getTrace(traceId),
    };
    expect((await settle(source, header, { counts, ...made.clock })).spans).toHaveLength(6);
    expect(made.nowMs).toBe(1000);
  });

  test('gives up at once on a source whose answer cannot be understood', async () => {
    const made = faultySource(chain, []);
    const cause = new SourceError('malformed', 'not JSON');
    const source = { getTrace: () => Promise.reject(cause) };
    const error = await outcome(settle(source, header, made.clock));
    expect(error).toBeInstanceOf(TraceUnavailableError);
    expect(error).toMatchObject({ message: expect.stringContaining('not JSON'), cause });
    expect(made.nowMs).toBe(0);
  });

  test('waits between two looks by the clock, unless told how', async () => {
    let looks = 0;
    const source: TraceSource = {
      async getTrace() {
        looks++;
        return null;
      },
    };
    await outcome(settle(source, header, { timeoutMs: 60, pollMs: 20 }));
    expect(looks).toBeGreaterThan(1);
    expect(looks).toBeLessThan(7);
  });

  test('tells a source to stop when the time is up, or the test does', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const source: TraceSource = {
      getTrace: (_, signal) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    };
    await outcome(settle(source, header, { timeoutMs: 20 }));
    const [late] = signals.splice(0);
    const mine = new AbortController();
    const settling = outcome(settle(source, header, { timeoutMs: 20, signal: mine.signal }));
    mine.abort(new Error('enough'));
    await settling;
    expect([late?.aborted, signals[0]?.aborted]).toEqual([true, true]);
    expect(late?.reason).toMatchObject({ trouble: 'timeout' });
    expect(signals[0]?.reason).toEqual(new Error('enough'));
  });

  test('is right or incomplete, never wrong, whatever is lost, late, doubled or out of order', async () => {
    const fate = fc.record({
      atMs: fc.oneof(fc.constant(0), fc.nat({ max: 3000 }), fc.constantFrom(Infinity)),
      copies: fc.integer({ min: 1, max: 3 }),
      flickers: fc.boolean(),
    });
    const fates = fc.array(fate, { minLength: chain.length, maxLength: chain.length });
    await fc.assert(
      fc.asyncProperty(fates, fc.boolean(), async (list, backwards) => {
        const made = faultySource(chain, list, (found) => (backwards ? found.reverse() : found));
        const result = await outcome(settle(made.source, header, { counts, ...made.clock }));
        if (list.some(({ atMs }) => atMs === Infinity)) {
          expect(result).toBeInstanceOf(TraceIncompleteError);
        } else expect(result).toMatchObject({ spans: chain });
      }),
    );
  });
});

describe('settle() of any tree, from any source', () => {
  const fate = fc.record({
    atMs: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.nat({ max: 3000 }) },
      { weight: 1, arbitrary: fc.constant(Infinity) },
    ),
    copies: fc.integer({ min: 1, max: 3 }),
    flickers: fc.boolean(),
  });
  /** Each span below an earlier one, the first below the injected parent. */
  const cases = fc.array(
    fc.record({ below: fc.nat(), service: fc.constantFrom('a', 'b', 'c'), fate }),
    { minLength: 1, maxLength: 12 },
  );
  const treeOf = (list: readonly { below: number; service: string }[]): Span[] =>
    list.map(({ below, service }, i) =>
      at(id(i + 1), i === 0 ? parent : id((below % i) + 1), i, 100 - i, { service }),
    );

  test.each([true, false])(
    'is right or an error, never wrong; services count: %o',
    async (servicesCount) => {
      await fc.assert(
        fc.asyncProperty(
          cases,
          fc.array(fc.boolean(), { maxLength: 20 }),
          fc.infiniteStream(fc.nat()),
          async (list, isDown, chance) => {
            const spans = treeOf(list);
            const shuffled = (found: Span[]) =>
              found
                .map((each) => ({ each, by: chance.next().value as number }))
                .toSorted((a, b) => a.by - b.by)
                .map(({ each }) => each);
            const made = faultySource(
              spans,
              list.map((one) => one.fate),
              shuffled,
            );
            let looks = 0;
            const source: TraceSource = {
              async getTrace(traceId) {
                if (isDown[looks++]) throw new SourceError('refused', 'status 503');
                return made.source.getTrace(traceId);
              },
              ...(servicesCount && {
                endedSpans: async () =>
                  Object.fromEntries(
                    Object.entries(Object.groupBy(list, ({ service }) => service)).map(
                      ([service, of]) => [service, of?.length ?? 0],
                    ),
                  ),
              }),
            };
            // Longer than anything is late, with every second look in vain.
            const options = { quietMs: 3100, pollMs: 250, ...made.clock };
            const result = await outcome(settle(source, header, options));
            const isLost = (i: number) => list[i]?.fate.atMs === Infinity;
            const lost = spans.filter((_, i) => isLost(i));
            // By structure alone a lost span can be told by its children only.
            const orphaned = spans.some(
              ({ parentSpanId }, i) =>
                !isLost(i) && lost.some(({ spanId }) => spanId === parentSpanId),
            );
            const mustFail = servicesCount ? lost.length > 0 : orphaned;
            if (mustFail || lost.length === spans.length) {
              expect(result).toBeInstanceOf(TraceIncompleteError);
            } else {
              const got = (result as Trace).spans.map(({ spanId }) => spanId);
              const want = spans.filter((_, i) => !isLost(i)).map(({ spanId }) => spanId);
              expect(got.toSorted()).toEqual(want);
            }
          },
        ),
        { numRuns: 150 },
      );
    },
  );
});

describe('50 at once, of one collector', () => {
  const tests = Array.from({ length: 50 }, (_, i) => i);
  const idOf = (i: number, n: number) => (1000 * (i + 1) + n).toString(16).padStart(16, '0');
  const children = (i: number) => i % 10;
  /** What test i makes: a server span below its parent, and some children. */
  const made = (i: number, traceId: string): Span[] => [
    { ...at(idOf(i, 1), idOf(i, 0), 0, 100, { kind: 'server', service: 'web' }), traceId },
    ...Array.from({ length: children(i) }, (_, n) => ({
      ...at(idOf(i, n + 2), idOf(i, 1), n, n + 1, { service: 'web' }),
      traceId,
    })),
  ];
  const shared = id(77).repeat(2);
  /** The parents as spans of their own, below one root. */
  const runner: Span[] = [
    { ...at(id(1), '', 0, 200, { service: 'runner' }), traceId: shared },
    ...tests.map((i) => ({
      ...at(idOf(i, 0), id(1), 0, 150, { service: 'runner' }),
      traceId: shared,
    })),
  ];

  test.each<{ what: string; traceIdOf: (i: number) => string; others: readonly Span[] }>([
    { what: 'each a trace of its own', traceIdOf: (i) => id(i + 1).repeat(2), others: [] },
    { what: 'all in the trace of the runner', traceIdOf: () => shared, others: runner },
  ])('no test sees the spans of another, $what', async ({ traceIdOf, others }) => {
    const collector = await startCollector({ port: 0, queryPort: 0 });
    const headers = { 'content-type': 'application/json' };
    const send = (spans: readonly Span[]) =>
      fetch(`${collector.otlpUrl}/v1/traces`, {
        ...{ method: 'POST', headers },
        body: JSON.stringify(encodeOtlpJson(spans)),
      });
    try {
      const source = new JaegerSource(collector.queryUrl);
      const settled = tests.map((i) => {
        const traceparent = `00-${traceIdOf(i)}-${idOf(i, 0)}-01`;
        return settle(source, traceparent, { counts: { web: children(i) + 1 }, quietMs: 0 });
      });
      // In halves, the spans of all tests mixed, as parallel runs send them.
      const spans = [...others, ...tests.flatMap((i) => made(i, traceIdOf(i)))];
      for (const half of [1, 0]) await send(spans.filter((_, n) => n % 2 === half));
      for (const [i, trace] of (await Promise.all(settled)).entries()) {
        const own = trace.spans.filter(({ spanId }) => spanId !== idOf(i, 0));
        const ids = own.map(({ spanId }) => spanId).toSorted();
        expect(ids).toEqual(made(i, '').map(({ spanId }) => spanId));
        expect(trace.orphans).toEqual([]);
      }
    } finally {
      await collector.stop();
    }
  });
});

describe('sources', () => {
  test('InProcessExporter has the spans of this process', async () => {
    const exporter = new InProcessExporter();
    const provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    const span = provider.getTracer('test', '1').startSpan('work', { kind: 1 });
    span.setAttribute('list', ['a', 'b']).addEvent('came', { n: 1 }).setStatus({ code: 2 });
    span.end();
    const { traceId, spanId } = span.spanContext();
    const [got] = (await exporter.getTrace(traceId)) ?? [];
    expect(got).toMatchObject({
      ...{ traceId, spanId, parentSpanId: '', name: 'work', kind: 'server' },
      ...{ attributes: { list: ['a', 'b'] }, status: { code: 'error' } },
      ...{
        events: [{ name: 'came', attributes: { n: 1 } }],
        scope: { name: 'test', version: '1' },
      },
    });
    expect(got && got.endUnixNano >= got.startUnixNano).toBe(true);
    exporter.reset();
    expect(await exporter.getTrace(traceId)).toBeNull();
  });

  test('FileSource reads a file that grows, and JaegerSource the same spans', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'traces-')), 'traces.ndjson');
    const line = JSON.stringify(encodeOtlpJson(chain));
    writeFileSync(path, `${line}\n${line.slice(0, 99)}`);
    const fromFile = await settle(new FileSource(path), header, { quietMs: 0 });
    const jaeger = await startFakeJaeger({});
    try {
      jaeger.add(chain);
      const fromJaeger = await settle(new JaegerSource(jaeger.url), header, { quietMs: 0 });
      expect(fromJaeger.spans).toEqual(fromFile.spans);
      expect(fromJaeger.options.link).toBe(`${jaeger.url}/trace/${fromJaeger.traceId}`);
    } finally {
      await jaeger.stop();
    }
    const gone = outcome(settle(new FileSource(`${path}.gone`), header, { timeoutMs: 50 }));
    expect(await gone).toBeInstanceOf(TraceUnavailableError);
  });
});
