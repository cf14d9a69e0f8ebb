import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blameCauses } from '../../traces/blame.ts';
import { routeKey } from '../../traces/retries.ts';
import type { Span, SpanKind } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import { msSpan as at } from './span.ts';

const chain = [
  at('load', '', 0, 100, { kind: 'client', service: 'load' }),
  at('gateway', 'load', 5, 95, { kind: 'server', service: 'gateway' }),
  at('call', 'gateway', 10, 90, { kind: 'client', service: 'gateway' }),
  at('auth', 'call', 15, 80, { kind: 'server', service: 'auth' }),
];

const members = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=1`);

describe('Trace', () => {
  test('has its spans in order, whatever order they came in', () => {
    const trace = new Trace(chain.toReversed());
    expect(trace.spans.map(({ name }) => name)).toEqual(['load', 'gateway', 'call', 'auth']);
    expect(trace.services).toEqual(['load', 'gateway', 'auth']);
    expect(trace.root?.span.name).toBe('load');
    expect(trace.durationNano).toBe(100_000_000n);
    expect(trace.find({ name: 'auth' }).parent?.span.name).toBe('call');
  });

  test('has the handler for its root, not the wait that came before it', () => {
    const [load, ...handled] = chain;
    const wait = at('server.queue', 'load', 0, 4, { service: 'gateway' });
    const trace = new Trace([wait, ...handled], { remoteParentId: load?.spanId ?? '' });
    expect(trace.roots).toHaveLength(2);
    expect(trace.root?.span.name).toBe('gateway');
  });

  test('cannot be changed', () => {
    const trace = new Trace(chain);
    expect(() => Object.assign(trace, { spans: [] })).toThrow(TypeError);
  });

  test('is empty without spans', () => {
    const trace = new Trace([]);
    expect([trace.root, trace.criticalPath, trace.blame, trace.traceId]).toEqual([
      null,
      [],
      [],
      '',
    ]);
  });

  test('get() is by id, in capitals too, and null of what is not there', () => {
    const trace = new Trace([at('ab', '', 0, 1)]);
    expect([trace.get('AB')?.span, trace.get('b')]).toEqual([trace.spans[0], null]);
  });

  test('refuses spans of two traces, and names both', () => {
    const other = { ...at('x', '', 0, 1), traceId: 'f'.repeat(32) };
    expect(() => new Trace([...chain, other])).toThrow(/4bf92f35.+ and f{32}/);
  });

  test('takes the span of the injected parent for its root, and for no orphan', () => {
    const inner = chain.slice(1);
    expect(new Trace(inner).missingParents).toEqual(['load']);
    const trace = new Trace([...inner, at('other', '', 0, 1)], { remoteParentId: 'load' });
    expect(trace.missingParents).toEqual([]);
    expect(trace.root?.span.name).toBe('gateway');
  });

  test.each([
    { order: 'the shorter first', reverse: false },
    { order: 'the longer first', reverse: true },
  ])('keeps the fullest of two spans of one id, $order', ({ reverse }) => {
    const both = [at('a', '', 0, 1), at('a', '', 0, 9)];
    const trace = new Trace(reverse ? both.toReversed() : both);
    expect(trace.durationNano).toBe(9_000_000n);
    expect(trace.duplicates.map(({ endUnixNano }) => endUnixNano)).toEqual([1_000_000n]);
  });

  test('find() says what there is when nothing, or too much, fits', () => {
    const trace = new Trace(chain);
    expect(() => trace.find({ name: /^no/, service: 'auth' })).toThrow(
      /must fit { name: \/\^no\/, service: "auth" }; 0 do, of: load "load", gateway "gateway"/,
    );
    expect(() => trace.find({ kind: 'server' })).toThrow(/2 do/);
    expect(() => trace.find({ nmae: 'x' } as object)).toThrow(/no field "nmae".+name/);
  });

  test('self time, waits, gaps and concurrency of a span', () => {
    const trace = new Trace([
      at('a', '', 0, 100),
      at('b', 'a', 10, 50),
      at('c', 'a', 40, 60),
      at('d', 'a', 80, 120),
      at('backwards', 'a', 70, 65),
    ]);
    const { root } = trace;
    const ms = (list: readonly { startUnixNano: bigint; endUnixNano: bigint }[] = []) =>
      list.map((each) => [each.startUnixNano, each.endUnixNano].map((n) => Number(n) / 1e6));
    expect(root?.selfTimeNano).toBe(30_000_000n);
    expect(ms(root?.waits)).toEqual([
      [10, 60],
      [80, 100],
    ]);
    expect(ms(root?.gaps)).toEqual([
      [0, 10],
      [60, 80],
    ]);
    expect(root?.concurrency).toBe(2);
    expect(trace.get('backwards')?.selfTimeNano).toBe(0n);
  });

  test('notes clocks that do not agree, by more than 1 ms', () => {
    const trace = new Trace([
      at('a', '', 10, 100, { service: 'a' }),
      at('b', 'a', 9, 20, { service: 'b' }),
      at('c', 'a', 4, 20, { service: 'c' }),
      at('d', 'a', 5, 20, { service: 'a' }),
    ]);
    expect(
      trace.clockSkew.map(({ span, earlyNano, sameProcess }) => [
        span.name,
        earlyNano,
        sameProcess,
      ]),
    ).toEqual([
      ['c', 6_000_000n, false],
      ['d', 5_000_000n, true],
    ]);
  });

  test.each<{ header: string; want: string[] }>([
    { header: '', want: [] },
    { header: 'a=1 \t ,  b=2', want: ['a=1', 'b=2'] },
    { header: 'a=1,,b=2,', want: ['a=1', 'b=2'] },
    { header: '!a=1', want: [] },
    { header: 'a=é', want: [] },
    { header: 'a=1é', want: [] },
    { header: 'foo@=1,1a@b=x y', want: ['foo@=1', '1a@b=x y'] },
    { header: 'a=1,B=2', want: [] },
    { header: 'a=1,a=2', want: [] },
    { header: members(32).join(), want: members(32) },
    { header: members(33).join(), want: [] },
  ])('parses the tracestate "$header"', ({ header, want }) => {
    const { root } = new Trace([{ ...at('a', '', 0, 1), traceState: header }]);
    expect(root?.traceState.map(({ key, value }) => `${key}=${value}`)).toEqual(want);
  });
});

describe('Trace.retries', () => {
  const failed = { kind: 'client', status: 'error' } as const;
  const resend = (count: number) => ({ attributes: { 'http.request.resend_count': count } });
  const resource = (id: number) => ({
    attributes: { 'url.template': '/users/{id}', 'url.full': `http://db/users/${id}` },
  });
  test.each<{ when: string; spans: Span[]; want: string[] }>([
    {
      when: 'a failed call is made again',
      spans: [at('b', 'a', 0, 10, failed), at('c', 'a', 12, 20, { kind: 'client' })],
      want: ['b c repetition'],
    },
    {
      when: 'attempts count themselves',
      spans: [at('b', 'a', 0, 10, failed), at('c', 'a', 5, 20, { ...failed, ...resend(1) })],
      want: ['b c resend_count'],
    },
    {
      when: 'a call that worked is made again',
      spans: [at('b', 'a', 0, 10, { kind: 'client' }), at('c', 'a', 12, 20, { kind: 'client' })],
      want: [],
    },
    {
      when: 'two calls fail at once',
      spans: [at('b', 'a', 0, 10, failed), at('c', 'a', 2, 20, failed)],
      want: [],
    },
    {
      when: 'another peer is called after a failure',
      spans: [
        at('b', 'a', 0, 10, failed),
        at('c', 'a', 12, 20, { kind: 'client', attributes: { 'server.address': 'other' } }),
      ],
      want: [],
    },
    {
      when: 'another resource of the same route is called after a failure',
      spans: [
        at('b', 'a', 0, 10, { ...failed, ...resource(1) }),
        at('c', 'a', 12, 20, { kind: 'client', ...resource(2) }),
      ],
      want: [],
    },
    {
      when: 'the same resource is called again after a failure',
      spans: [
        at('b', 'a', 0, 10, { ...failed, ...resource(1) }),
        at('c', 'a', 12, 20, { kind: 'client', ...resource(1) }),
      ],
      want: ['b c repetition'],
    },
    {
      when: 'a call that worked is counted as sent again',
      spans: [
        at('b', 'a', 0, 10, { kind: 'client' }),
        at('c', 'a', 12, 20, { kind: 'client', ...resend(1) }),
      ],
      want: ['b c resend_count'],
    },
    {
      when: 'counts do not rise',
      spans: [2, 1, 1].map((count, i) =>
        at(`c${i}`, 'a', 10 * i, 10 * i + 5, { ...failed, ...resend(count) }),
      ),
      want: [],
    },
    {
      when: 'a call of its own follows one that counted',
      spans: [
        at('b', 'a', 0, 10, failed),
        at('c', 'a', 11, 20, { ...failed, ...resend(1) }),
        at('d', 'a', 21, 30, failed),
      ],
      want: ['b c resend_count'],
    },
    {
      when: 'only the second of three fails',
      spans: [
        at('b', 'a', 0, 10, { kind: 'client' }),
        at('c', 'a', 11, 20, failed),
        at('d', 'a', 21, 30, { kind: 'client' }),
      ],
      want: ['c d repetition'],
    },
    {
      when: 'the next begins a millisecond before the first ended',
      spans: [at('b', 'a', 0, 10, failed), at('c', 'a', 9, 20, { kind: 'client' })],
      want: ['b c repetition'],
    },
    {
      when: 'the next begins more than a millisecond before the first ended',
      spans: [at('b', 'a', 0, 10, failed), at('c', 'a', 8.9, 20, { kind: 'client' })],
      want: [],
    },
    {
      when: 'something else than a call is done again',
      spans: [
        at('b', 'a', 0, 10, { status: 'error' }),
        at('c', 'a', 12, 20),
        at('d', 'a', 21, 30, failed),
      ],
      want: [],
    },
    {
      when: 'two calls are made twice, each counting',
      spans: [
        at('b', 'a', 0, 10, failed),
        at('c', 'a', 11, 20, { kind: 'client', ...resend(1) }),
        at('d', 'a', 21, 30, failed),
        at('e', 'a', 31, 40, { kind: 'client', ...resend(1) }),
      ],
      want: ['b c resend_count', 'd e resend_count'],
    },
  ])('are $want when $when', ({ spans, want }) => {
    const named = spans.map((span) => ({ ...span, name: 'GET /x' }));
    const { retries } = new Trace([at('a', '', 0, 50), ...named]);
    expect(
      retries.map(({ attempts, evidence }) =>
        [...attempts.map(({ spanId }) => spanId), evidence].join(' '),
      ),
    ).toEqual(want);
  });
});

describe('a call', () => {
  const call = (attributes: Span['attributes'], i = 0): Span =>
    at(`c${i}`, 'a', 20 * i, 20 * i + 10, {
      ...{ name: 'call', kind: 'client', status: 'error', attributes },
    });
  const of = (key: string, value: unknown) => ({ [key]: value as string });
  const routes = ['url.template', 'http.route', 'rpc.service', 'db.query.text', 'db.statement'];
  const requests = ['http.target', 'url.path', 'http.url', 'url.full'];
  const parties = [
    ...['server.address', 'net.peer.name', 'peer.service', 'aftershock.call.to', 'server.port'],
    ...['net.peer.port', 'http.request.method', 'http.method', 'rpc.method', 'db.operation.name'],
    'aftershock.call.index',
  ];

  test.each([...parties, ...requests, ...routes])('is told from another by its %s', (key) => {
    const retriesOf = (values: readonly number[]) =>
      new Trace([at('a', '', 0, 99), ...values.map((value, i) => call(of(key, value), i))]).retries;
    expect(retriesOf([0, 0])).toHaveLength(1);
    expect(retriesOf([0, 1])).toEqual([]);
    expect(routeKey(call(of(key, 0)))).not.toBe(routeKey(call(of(key, 1))));
  });

  test.each([...routes, ...requests].map((key, i, all) => ({ key, after: all.slice(i + 1) })))(
    'is of a kind by its $key rather than by $after',
    ({ key, after }) => {
      for (const other of after) {
        const [one, two] = [1, 2].map((value) =>
          routeKey(call({ ...of(key, 0), ...of(other, value) })),
        );
        expect(one).toBe(two);
      }
    },
  );
});

describe('Trace.blame', () => {
  const paused = (time: number, overlapMs: number) => ({
    events: [
      {
        name: 'pause',
        timeUnixNano: BigInt(time) * 1_000_000n,
        attributes: { 'aftershock.pause.kind': 'gc', 'aftershock.pause.overlap_ms': overlapMs },
      },
    ],
  });
  const blameOf = (spans: readonly Span[]) =>
    new Trace(spans).blame.map(
      ({ service, cause, durationNano }) => `${service} ${cause} ${Number(durationNano) / 1e6}`,
    );
  const client = { kind: 'client', service: 'load' } as const;
  const server = { kind: 'server', service: 'api' } as const;

  const rows: { when: string; spans: Span[]; want: string[] }[] = [
    { when: 'there is one handler', spans: [at('a', '', 0, 9, server)], want: ['api work 9'] },
    { when: 'there is one call', spans: [at('a', '', 0, 9, client)], want: ['load unknown 9'] },
    {
      when: 'a call takes longer one way than the other',
      spans: [at('a', '', 0, 100, client), at('b', 'a', 30, 90, server)],
      want: ['api work 60', 'load network 20', 'load unknown 20'],
    },
    {
      when: 'the clocks of a pair do not agree',
      spans: [at('a', '', 0, 100, client), at('b', 'a', 60, 130, server)],
      want: ['load unknown 60', 'api work 40'],
    },
    {
      when: 'the handler is paused',
      spans: [at('a', '', 0, 100, { ...server, ...paused(20, 70) })],
      want: ['api pause 70', 'api work 30'],
    },
    {
      when: 'the callee is paused before its handler begins',
      spans: [
        at('a', '', 0, 100, client),
        at('q', 'a', 1, 90, { service: 'api', name: 'server.queue', ...paused(1, 80) }),
        at('b', 'a', 90, 99, server),
      ],
      want: ['api pause 80', 'api queue 9', 'api work 9', 'load network 2'],
    },
    {
      when: 'the caller gives up before the callee’s handler begins',
      spans: [
        at('a', '', 0, 50, { ...client, attributes: { 'error.type': 'timeout' } }),
        at('b', 'a', 90, 99, { ...server, ...paused(90, 2) }),
      ],
      want: ['load time-out 50'],
    },
    {
      when: 'the caller gives up while the callee is paused',
      spans: [
        at('a', '', 0, 50, { ...client, attributes: { 'error.type': 'timeout' } }),
        at('q', 'a', 10, 89, { service: 'api', name: 'server.queue', ...paused(10, 79) }),
        at('b', 'a', 90, 99, server),
      ],
      want: ['api pause 40', 'load time-out 10'],
    },
    {
      when: 'the callee’s handler tells of a pause before it began',
      spans: [at('a', '', 0, 100, client), at('b', 'a', 90, 99, { ...server, ...paused(10, 70) })],
      want: ['api pause 70', 'load unknown 19', 'api work 9', 'load network 2'],
    },
    {
      when: 'two spans of a process tell of pauses',
      spans: [
        at('a', '', 0, 100, { ...server, ...paused(70, 10) }),
        at('b', 'a', 20, 60, { service: 'api', ...paused(30, 10) }),
      ],
      want: ['api work 80', 'api pause 20'],
    },
    {
      when: 'another process is paused while a handler works, and does not wait for it',
      spans: [
        at('a', '', 0, 100, { kind: 'server', service: 'gateway' }),
        at('b', 'a', 50, 90, { ...server, ...paused(10, 20) }),
      ],
      want: ['gateway work 60', 'api work 40'],
    },
    {
      when: 'a process is paused as it waits for another',
      spans: [
        at('a', '', 0, 100, { ...server, ...paused(50, 10) }),
        at('b', 'a', 50, 90, { kind: 'server', service: 'db' }),
      ],
      want: ['api work 60', 'db work 40'],
    },
    ...(['internal', 'consumer', 'server'] as const).map((kind) => ({
      when: `a span of kind ${kind} says what only a call can`,
      spans: [
        at('a', '', 0, 100, {
          ...{ kind, service: 'api' },
          attributes: { 'error.type': 'timeout', 'aftershock.client.busy_ms': 30 },
        }),
        at('b', 'a', 20, 60, { kind: 'server', service: 'db' }),
      ],
      want: ['api work 60', 'db work 40'],
    })),
    {
      when: 'a message is sent',
      spans: [at('a', '', 0, 9, { kind: 'producer', service: 'api' })],
      want: ['api unknown 9'],
    },
    {
      when: 'a call says what only a handler can',
      spans: [at('a', '', 0, 9, { ...client, attributes: { 'aftershock.queue.wait_ms': 4 } })],
      want: ['load unknown 9'],
    },
    ...['4', Number.NaN, -4, 0].map((wait) => ({
      when: `a wait is ${wait} of type ${typeof wait}`,
      spans: [at('a', '', 0, 9, { ...server, attributes: { 'aftershock.queue.wait_ms': wait } })],
      want: ['api work 9'],
    })),
    ...['4', Number.NaN, -4, 0].map((busy) => ({
      when: `a caller was busy for ${busy} of type ${typeof busy}`,
      spans: [
        at('a', '', 0, 10, { ...client, attributes: { 'aftershock.client.busy_ms': busy } }),
        at('b', 'a', 0, 5, server),
      ],
      want: ['load unknown 5', 'api work 5'],
    })),
    {
      when: 'a caller was busy, and nobody answered',
      spans: [at('a', '', 0, 9, { ...client, attributes: { 'aftershock.client.busy_ms': 5 } })],
      want: ['load unknown 9'],
    },
    ...[
      { what: 'its own handler', kind: 'server' as const, service: 'load' },
      { what: 'what is no handler', kind: 'internal' as const, service: 'db' },
    ].map(({ what, ...more }) => ({
      when: `a caller was busy since the answer, and ${what} ended later than that`,
      spans: [
        at('a', '', 0, 100, { ...client, attributes: { 'aftershock.client.busy_ms': 90 } }),
        at('b', 'a', 2, 60, server),
        at('x', 'a', 70, 75, more),
      ],
      want: ['api work 58', 'load queue 35', `${more.service} work 5`, 'load network 2'],
    })),
    {
      when: 'the answer came after the caller had stopped waiting for it',
      spans: [
        at('a', '', 0, 50, { ...client, attributes: { 'aftershock.client.busy_ms': 30 } }),
        at('b', 'a', 10, 60, server),
      ],
      want: ['api work 40', 'load unknown 10'],
    },
    {
      when: 'a call is answered twice, long after 0',
      spans: [
        at('a', '', 1000, 1100, client),
        at('b', 'a', 1010, 1080, server),
        at('c', 'a', 1020, 1050, server),
      ],
      want: ['api work 70', 'load network 20', 'load unknown 10'],
    },
    {
      when: 'the clock of a callee went back',
      spans: [at('a', '', 0, 100, client), at('b', 'a', 60, 40, server)],
      want: ['load unknown 100'],
    },
    {
      when: 'a callee takes no time',
      spans: [at('a', '', 0, 100, client), at('b', 'a', 40, 40, server)],
      want: ['load network 80', 'load unknown 20'],
    },
    {
      when: 'what was called has no handler',
      spans: [at('a', '', 0, 100, client), at('b', 'a', 10, 90, { service: 'api' })],
      want: ['api work 80', 'load unknown 20'],
    },
    {
      when: 'a process calls itself',
      spans: [at('a', '', 0, 100, client), at('b', 'a', 10, 90, { ...server, service: 'load' })],
      want: ['load work 80', 'load unknown 20'],
    },
    {
      when: 'a call that worked is sent again',
      spans: [
        at('a', '', 0, 100, server),
        at('b', 'a', 0, 40, { ...client, name: 'GET' }),
        at('c', 'a', 50, 100, {
          ...{ ...client, name: 'GET' },
          attributes: { 'http.request.resend_count': 1 },
        }),
      ],
      want: ['load unknown 90', 'api retry 10'],
    },
    {
      when: 'a handler waits for its turn',
      spans: [at('a', '', 0, 9, { ...server, attributes: { 'aftershock.queue.wait_ms': 4 } })],
      want: ['api work 5', 'api queue 4'],
    },
    {
      when: 'the answer lies at a caller that is busy',
      spans: [
        at('a', '', 0, 100, { ...client, attributes: { 'aftershock.client.busy_ms': 30 } }),
        at('b', 'a', 2, 60, server),
      ],
      want: ['api work 58', 'load queue 30', 'load unknown 8', 'load network 4'],
    },
    {
      when: 'a busy caller was busy before the answer came',
      spans: [
        at('a', '', 0, 100, { ...client, attributes: { 'aftershock.client.busy_ms': 99 } }),
        at('b', 'a', 2, 60, server),
      ],
      want: ['api work 58', 'load queue 40', 'load network 2'],
    },
    {
      when: 'a request was long on its way',
      spans: [
        at('a', '', 0, 100, client),
        at('b', 'a', 60, 98, { ...server, attributes: { 'aftershock.server.transit_ms': 50 } }),
      ],
      want: ['load network 52', 'api work 38', 'load unknown 10'],
    },
    {
      when: 'an answer was long on its way, and then lay at a caller that was busy',
      spans: [
        at('a', '', 0, 100, {
          ...client,
          attributes: { 'aftershock.client.transit_ms': 20, 'aftershock.client.busy_ms': 10 },
        }),
        at('b', 'a', 2, 60, server),
      ],
      want: ['api work 58', 'load network 22', 'load queue 10', 'load unknown 10'],
    },
    {
      when: 'more is said to have been on its way than there is',
      spans: [
        at('a', '', 0, 100, {
          ...client,
          attributes: { 'aftershock.client.transit_ms': Number.POSITIVE_INFINITY },
        }),
        at('b', 'a', 10, 99, { ...server, attributes: { 'aftershock.server.transit_ms': 200 } }),
      ],
      want: ['api work 89', 'load network 11'],
    },
    {
      when: 'what is said to have been on its way is no length of time',
      spans: [
        at('a', '', 0, 100, {
          ...client,
          attributes: { 'aftershock.client.transit_ms': Number.NEGATIVE_INFINITY },
        }),
        at('b', 'a', 60, 98, { ...server, attributes: { 'aftershock.server.transit_ms': '50' } }),
      ],
      want: ['load unknown 58', 'api work 38', 'load network 4'],
    },
    {
      when: 'the answer of the second of two at once took no time',
      spans: [
        at('a', '', 0, 100, client),
        at('b', 'a', 10, 50, server),
        at('c', 'a', 20, 100, server),
      ],
      want: ['api work 80', 'load unknown 20'],
    },
    {
      when: 'a call is made again',
      spans: [
        at('a', '', 0, 100, server),
        at('b', 'a', 0, 30, { ...client, name: 'GET', status: 'error' }),
        at('w', 'b', 10, 20, { kind: 'server', service: 'db' }),
        at('c', 'a', 50, 90, { ...client, name: 'GET' }),
      ],
      want: ['load unknown 40', 'api retry 20', 'load retry 20', 'db retry 10', 'api work 10'],
    },
  ];

  test.each(rows)('is $want when $when', ({ spans, want }) => {
    expect(blameOf(spans)).toEqual(want);
  });

  test('is for each of blameCauses, and for nothing else', () => {
    const found = rows.flatMap(({ spans }) => new Trace(spans).blame.map(({ cause }) => cause));
    expect(new Set(found)).toEqual(new Set(blameCauses));
  });
});

/** A trace of up to `maxSpans` spans of any kind, with faults, pauses, retries and copies. */
function anyTrace(maxSpans: number, minSpans = 1) {
  const spanOf = fc.record({
    parent: fc.nat(),
    start: fc.nat({ max: 300 }),
    length: fc.integer({ min: -5, max: 200 }),
    kind: fc.constantFrom<SpanKind>('internal', 'client', 'server', 'producer', 'consumer'),
    service: fc.constantFrom('a', 'b', 'c'),
    name: fc.constantFrom('GET /x', 'server.queue'),
    errorType: fc.constantFrom('', '', 'timeout', '503'),
    pauseMs: fc.constantFrom(0, 0, 0, 40),
    wait: fc.constantFrom(0, 0, 7),
    resends: fc.constantFrom(0, 0, 1),
    copy: fc.constantFrom(false, false, false, true),
  });
  return fc.array(spanOf, { minLength: minSpans, maxLength: maxSpans }).map((list) =>
    list.flatMap((each, i) => {
      const { start, length, kind, service, name, errorType, pauseMs, wait, resends } = each;
      const parent = i === 0 ? '' : `s${each.parent % (i + 1)}`;
      const made = at(`s${i}`, parent, start, start + length, {
        ...{ kind, service, name, status: errorType === '' ? 'unset' : 'error' },
        attributes: {
          ...(errorType !== '' && { 'error.type': errorType }),
          ...(wait > 0 && { 'aftershock.queue.wait_ms': wait }),
          ...(resends > 0 && { 'http.request.resend_count': resends }),
        },
        events: [
          {
            name: 'pause',
            timeUnixNano: BigInt(start + 3) * 1_000_000n,
            attributes: {
              'aftershock.pause.kind': 'gc',
              'aftershock.pause.overlap_ms': pauseMs,
            },
          },
        ],
      });
      return each.copy ? [made, { ...made, endUnixNano: made.endUnixNano + 5n }] : [made];
    }),
  );
}

describe('Trace, whatever the spans', () => {
  test('blame adds up to the root’s duration, without gaps, and no share is negative', () => {
    fc.assert(
      fc.property(anyTrace(40), (spans) => {
        const trace = new Trace(spans);
        let cursor = trace.root?.span.startUnixNano ?? 0n;
        for (const { startUnixNano, endUnixNano } of trace.blameSections) {
          expect(startUnixNano).toBe(cursor);
          expect(endUnixNano).toBeGreaterThan(startUnixNano);
          cursor = endUnixNano;
        }
        const sum = trace.blame.reduce((total, { durationNano }) => {
          expect(durationNano).toBeGreaterThan(0n);
          return total + durationNano;
        }, 0n);
        expect(sum).toBe(trace.durationNano);
      }),
    );
  });

  test('all of it is the same in any order of spans', () => {
    const shuffled = anyTrace(30).chain((spans) =>
      fc.tuple(
        fc.constant(spans),
        fc.shuffledSubarray(spans, { minLength: spans.length, maxLength: spans.length }),
      ),
    );
    const everything = (spans: readonly Span[]) => {
      const trace = new Trace(spans);
      return [
        trace.spans,
        trace.blameSections,
        trace.blame,
        trace.retries,
        trace.clockSkew,
        trace.orphans,
        trace.views.map(({ selfTimeNano, waits, gaps, concurrency }) => [
          selfTimeNano,
          waits,
          gaps,
          concurrency,
        ]),
      ];
    };
    fc.assert(
      fc.property(shuffled, ([spans, mixed]) => {
        expect(everything(mixed)).toEqual(everything(spans));
      }),
    );
  });

  test('self time and waits add up to each span’s duration', () => {
    fc.assert(
      fc.property(anyTrace(20), (spans) => {
        for (const { durationNano, selfTimeNano, waits } of new Trace(spans).views) {
          const waited = waits.reduce((sum, w) => sum + w.endUnixNano - w.startUnixNano, 0n);
          expect(waited + selfTimeNano).toBe(durationNano);
        }
      }),
    );
  });

  test('blame adds up with 10,000 spans', () => {
    const [spans] = fc.sample(anyTrace(10_000, 10_000), { numRuns: 1, seed: 7 });
    const { blame, durationNano } = new Trace(spans ?? []);
    expect(blame.reduce((sum, share) => sum + share.durationNano, 0n)).toBe(durationNano);
  });
});

test.each<{ when: string; spans: Span[]; remoteParentId?: string; want: string | undefined }>([
  { when: 'there are no spans', spans: [], want: undefined },
  { when: 'an orphan comes first', spans: [at('x', 'gone', 0, 1), at('a', '', 5, 6)], want: 'a' },
  {
    when: 'there are only orphans',
    spans: [at('x', 'gone', 5, 6), at('y', 'gone', 0, 1)],
    want: 'y',
  },
  {
    when: 'others come before what is below the injected parent',
    spans: [at('x', 'gone', 0, 1, { kind: 'server' }), at('r', '', 1, 2), at('a', 'test', 5, 6)],
    ...{ remoteParentId: 'test', want: 'a' },
  },
  {
    when: 'a wait comes before the handler',
    spans: [at('q', 'test', 0, 1), at('a', 'test', 1, 2, { kind: 'server' })],
    ...{ remoteParentId: 'test', want: 'a' },
  },
  {
    when: 'a wait comes before the consumer',
    spans: [at('q', 'test', 0, 1), at('a', 'test', 1, 2, { kind: 'consumer' })],
    ...{ remoteParentId: 'test', want: 'a' },
  },
])('Trace.root is $want when $when', ({ spans, remoteParentId, want }) => {
  const trace = new Trace(spans, remoteParentId === undefined ? {} : { remoteParentId });
  expect(trace.root?.span.spanId).toBe(want);
  expect(trace.durationNano).toBe(want === undefined ? 0n : 1_000_000n);
});

test('Trace.orphans are no spans at or below the injected parent', () => {
  const spans = [at('test', 'runner', 0, 9), at('a', 'test', 1, 2), at('x', 'gone', 1, 2)];
  expect(new Trace(spans, { remoteParentId: 'test' }).orphans).toEqual([spans[2]]);
});

test('SpanView.parent of the begin of a cycle is null', () => {
  const [first, second] = new Trace([at('x', 'y', 0, 1), at('y', 'x', 2, 3)]).views;
  expect(first?.parent).toBeNull();
  expect(second?.parent?.span.spanId).toBe('x');
});

test.each([
  { count: 0, told: 'no spans at all' },
  { count: 2, told: 'api "s0", api "s1"' },
  { count: 20, told: Array.from({ length: 20 }, (_, i) => `api "s${i}"`).join(', ') },
  {
    count: 21,
    told: `${Array.from({ length: 20 }, (_, i) => `api "s${i}"`).join(', ')}, … (21 in all)`,
  },
])('Trace.find() names what there is, of $count spans', ({ count, told }) => {
  const spans = Array.from({ length: count }, (_, i) =>
    at(`s${i}`, i === 0 ? '' : 's0', i, i + 1, { service: 'api' }),
  );
  expect(() => new Trace(spans).find({ name: 'x' })).toThrow(
    new RangeError(`Exactly one span must fit { name: "x" }; 0 do, of: ${told}`),
  );
});

test('Trace refuses spans of several traces', () => {
  const other = { ...at('b', '', 0, 1), traceId: 'f'.repeat(32) };
  expect(() => new Trace([at('a', '', 0, 1), other])).toThrow(
    new RangeError(
      'The spans of a trace must have one trace id; these have ' +
        `4bf92f3577b34da6a3ce929d0e0e4736 and ${'f'.repeat(32)}: make a Trace of each`,
    ),
  );
});
