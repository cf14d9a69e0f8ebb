import { expect } from 'vitest';
import type { Span } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import type { TraceMatchers } from '../../traces/vitest/index.ts';
import { msSpan as at } from './span.ts';

const get = { attributes: { 'http.request.method': 'GET', 'server.address': 'api' } };
function pauseEvent(startMs: number, lengthMs: number, kind = 'gc') {
  return {
    name: 'pause',
    timeUnixNano: BigInt(startMs) * 1_000_000n,
    attributes: {
      'aftershock.pause.kind': kind,
      'aftershock.pause.overlap_ms': lengthMs,
      'aftershock.pause.duration_ms': lengthMs,
    },
  };
}
const link = { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16), traceState: '', attributes: {} };

/** gateway calls auth, fails once and tries again; auth pauses. */
export const spans: readonly Span[] = [
  at('root', '', 0, 100, { kind: 'server', service: 'gateway', name: 'GET /users' }),
  at('try1', 'root', 5, 15, {
    ...{ kind: 'client', service: 'gateway', name: 'GET', status: 'error' },
    attributes: { ...get.attributes, 'error.type': '503' },
  }),
  at('fail', 'try1', 7, 13, { kind: 'server', service: 'auth', name: 'auth', status: 'error' }),
  at('try2', 'root', 20, 95, { kind: 'client', service: 'gateway', name: 'GET', ...get }),
  at('auth', 'try2', 22, 93, {
    ...{ kind: 'server', service: 'auth', name: 'auth', links: [link] },
    events: [pauseEvent(30, 40)],
    attributes: { 'http.route': '/auth', 'http.response.status_code': 200 },
    traceState: 'rojo=1',
  }),
  at('left', 'auth', 75, 85, { service: 'auth' }),
  at('right', 'auth', 76, 90, { service: 'auth' }),
];
export const whole = new Trace(spans);
const sound = new Trace(spans.filter(({ spanId }) => !['try1', 'fail'].includes(spanId)));
const torn = new Trace(spans.filter(({ spanId }) => !['try2', 'fail'].includes(spanId)));
const many = new Trace([
  at('root', '', 0, 100, { service: 'api' }),
  ...[1, 2, 3].map((i) =>
    at(`call${i}`, 'root', 10 * i, 10 * i + 5, {
      ...{ kind: 'client', service: 'api', name: 'GET' },
      attributes: { 'server.address': 'db', 'url.path': `/users/${i}` },
    }),
  ),
]);
export const auth = whole.find({ spanId: 'auth' });
const root = whole.find({ spanId: 'root' });

/** A handler that waited for its turn, which is no second call. */
const queued = new Trace([
  at('call', '', 0, 100, { service: 'api', kind: 'client' }),
  at('queue', 'call', 1, 50, { service: 'db', name: 'server.queue' }),
  at('handler', 'call', 50, 99, { service: 'db', kind: 'server' }),
]);

const linkedTwice = new Trace([
  at('a', '', 0, 9, { links: [link, { ...link, spanId: '2'.repeat(16) }] }),
]);

const retriedTwice = new Trace([
  at('a', '', 0, 90, { service: 'a' }),
  ...[10, 20, 30, 40].map((start, i) =>
    at(`call${i}`, 'a', start, start + 5, {
      ...{ kind: 'client', service: 'a', name: i < 2 ? 'one' : 'two' },
      status: i % 2 === 0 ? 'error' : 'ok',
    }),
  ),
]);

const failedTwice = new Trace([
  at('a', '', 0, 9, { service: 'a' }),
  at('b', 'a', 1, 2, { service: 'a', status: 'error' }),
  at('c', 'a', 3, 4, { service: 'a', status: 'error' }),
]);

/** Two kinds of pause of one service, one after the other. */
const twoPauses = new Trace([
  at('a', '', 0, 100, {
    ...{ kind: 'server', service: 'auth' },
    events: [pauseEvent(10, 20), pauseEvent(40, 50, 'freeze')],
  }),
]);

/** Of two children that ended 0.4 ms apart, and two that overlap by as much. */
const close = new Trace([
  at('a', '', 0, 100),
  at('b', 'a', 5, 50.4),
  at('c', 'a', 50, 95),
  at('d', 'a', 60, 94.6),
]);

/** Two pairs that ended 0.5 ms apart: which of each is on the path is open. */
const twoForks = new Trace([
  at('a', '', 0, 100),
  at('early', 'a', 55, 95),
  at('longer', 'a', 50, 94.5),
  at('late', 'a', 20, 44.5),
  at('longest', 'a', 10, 45),
]);

/** A span that a child takes 0.5 ms from. */
const interrupted = new Trace([at('a', '', 0, 100), at('b', 'a', 50, 50.5)]);

/** More spans beside the critical path than are named. */
const busyBeside = new Trace([
  at('root', '', 0, 100),
  at('on', 'root', 5, 95),
  ...[10, 20, 30, 40].map((start) => at(`off${start}`, 'root', start, 50, { name: 'off' })),
]);

/** Five traces of 20 ms without a pause; five whose client waited `extraMs` for 100 ms of user's. */
export function amplified(extrasMs: readonly number[], lengthMs = 100): Trace[] {
  const make = (i: number, extraMs: number, paused: boolean) => {
    const traceId = (i + 1).toString(16).padStart(32, '0');
    const end = 20 + extraMs;
    const events = paused ? [pauseEvent(5, lengthMs + i / 1000)] : [];
    const user = { service: 'user', kind: 'server', events } as const;
    return new Trace([
      at('client', '', 0, end, { traceId, service: 'load', kind: 'client' }),
      at('hop', 'client', 1, 10 + Math.min(extraMs, lengthMs), { traceId, ...user }),
    ]);
  };
  return [
    ...[0, 1, 2, 3, 4].map((i) => make(i, 0, false)),
    ...extrasMs.map((extraMs, i) => make(10 + i, extraMs, true)),
  ];
}
const additive = amplified([98, 99, 100, 101, 102]);
const retried = amplified([150, 200, 250, 300, 350]);

/** One of each kind; the pause is of 100 ms to the nanosecond, and all of it arrives. */
const exact = [
  new Trace([at('client', '', 0, 20)]),
  new Trace([
    at('client', '', 0, 120, { service: 'load', kind: 'client' }),
    at('hop', 'client', 1, 119, { service: 'user', kind: 'server', events: [pauseEvent(5, 100)] }),
  ]),
];
function hop(...events: Span['events']): Trace {
  return new Trace([
    at('client', '', 0, 500, { service: 'load', kind: 'client' }),
    at('hop', 'client', 1, 499, { service: 'user', kind: 'server', events }),
  ]);
}
/** The same, of a pause of which the handler saw only a part; then, of which only that part is said. */
const [seenInPart, withoutDuration] = [
  { 'aftershock.pause.overlap_ms': 50, 'aftershock.pause.duration_ms': 100 },
  { 'aftershock.pause.overlap_ms': 50 },
].map((lengths) => {
  const attributes = { 'aftershock.pause.kind': 'gc', ...lengths };
  const events = [{ name: 'pause', timeUnixNano: 60_000_000n, attributes }];
  return exact.map(
    ({ spans }) =>
      new Trace(spans.map((span) => (span.name === 'hop' ? { ...span, events } : span))),
  );
});
/** Of all but the last it is not known what one pause of user did. */
const mixed = [
  ...exact,
  hop(pauseEvent(5, 100), pauseEvent(200, 50)),
  hop(pauseEvent(5, 100), pauseEvent(200, 100, 'freeze')),
  new Trace([
    at('client', '', 0, 500, { service: 'load', events: [pauseEvent(5, 100)] }),
    at('hop', 'client', 1, 499, { service: 'user', kind: 'server' }),
  ]),
  new Trace([at('client', '', 0, 500, { service: 'load', events: [pauseEvent(5, 1)] })]),
  new Trace([
    at('client', '', 0, 20),
    at('hop', 'client', 1, 19, { service: 'user', events: [pauseEvent(5, 0.5)] }),
  ]),
];

/** The service was paused while another one worked for it. */
const idlePause = new Trace([
  at('handler', '', 0, 100, { service: 'api', kind: 'server', events: [pauseEvent(20, 40)] }),
  at('call', 'handler', 10, 90, { service: 'api', kind: 'client' }),
  at('query', 'call', 12, 88, { service: 'db', kind: 'server' }),
]);
/** A pause that was over when the handler began. */
const pausedBefore = new Trace([
  at('call', '', 0, 100, { service: 'load', kind: 'client' }),
  at('handler', 'call', 60, 99, { service: 'user', kind: 'server', events: [pauseEvent(10, 50)] }),
]);

/** The caller was paused at the same time. */
const bothPaused = new Trace([
  at('call', '', 0, 100, { service: 'load', kind: 'client', events: [pauseEvent(10, 50)] }),
  at('handler', 'call', 60, 99, { service: 'user', kind: 'server', events: [pauseEvent(10, 50)] }),
]);

/** Another process of the service was paused, while this one worked. */
const instance = (id: string) => ({
  resource: { attributes: { 'service.name': 'api', 'service.instance.id': id } },
});
const otherPaused = new Trace([
  at('a', '', 0, 100, { kind: 'server', ...instance('first') }),
  at('b', 'a', 10, 20, { kind: 'consumer', ...instance('second'), events: [pauseEvent(30, 40)] }),
]);

const sdk = {
  'telemetry.sdk.language': 'nodejs',
  'telemetry.sdk.name': 'opentelemetry',
  'telemetry.sdk.version': '3.1.0',
};
const http = { 'http.method': 'GET' };
const server = {
  'http.request.method': 'GET',
  'http.route': '/users/:id',
  'url.path': '/users/1',
  'url.scheme': 'http',
  'http.response.status_code': 200,
};
function handler(attributes: Span['attributes'], more: Partial<Span> = {}): Trace {
  const resource = { attributes: { 'service.name': 'api', ...sdk } };
  const { status: _, ...rest } = more;
  const span = at('a', '', 0, 9, { kind: 'server', name: 'GET /users/:id', ...rest, attributes });
  return new Trace([{ ...span, resource, ...(more.status && { status: more.status }) }]);
}

export type MatcherName = keyof TraceMatchers;
export type SnapshotName = 'toMatchTraceSnapshot' | 'toMatchTraceInlineSnapshot';
/** Those that hold times against bounds or each other: within the tolerance they know nothing. */
type TimedName =
  | 'toHaveSpanTree'
  | 'toHaveDurationWithin'
  | 'toHaveSelfTimeWithin'
  | 'toRunConcurrently'
  | 'toHaveCriticalPath'
  | 'toAttributePause'
  | 'toHaveAmplification';

export interface Case<Name extends MatcherName = MatcherName> {
  readonly args: Parameters<TraceMatchers[Name]>;
  /** Default: `whole`. */
  readonly on?: unknown;
}
type Some<T> = readonly [T, ...T[]];

/** A row of the table: every cell holds at least one case. */
export interface Row<Name extends MatcherName = MatcherName> {
  readonly passes: Some<Case<Name>>;
  /** The first one's message is a snapshot. */
  readonly fails: Some<Case<Name> & { readonly because: RegExp }>;
  readonly undetermined: Name extends TimedName ? Some<Case<Name>> : 'never';
  /** What it refuses to look at, where that is not usual. */
  readonly refuses?: readonly unknown[];
}

/** A matcher without a row, or a row without a cell, does not compile. */
export const matcherRows: { readonly [Name in Exclude<MatcherName, SnapshotName>]: Row<Name> } = {
  toHaveSpan: {
    passes: [
      { args: ['auth'] },
      { args: [{ service: 'auth', name: /^au/, kind: 'server' }] },
      { args: [{ attributes: { 'http.route': expect.stringContaining('auth') } }] },
      { args: ['GET', { times: 2 }] },
      { args: ['GET /users', { times: 1 }] },
      { args: ['auth'], on: [...spans] },
    ],
    fails: [
      {
        args: [{ service: 'auth', attributes: { 'http.route': '/users' } }],
        because: /nearest: attributes\["http.route"\] must be "\/users", is "\/auth"/,
      },
      { args: ['GET', { times: 3 }], because: /3 spans.+\n.*\n?Actual: +2 such/ },
      { args: [{ kind: 'internal' }, { times: 4 }], because: /2 such: \["auth \\"left\\""/ },
      { args: [{ service: /./ }, { times: 4 }], because: /7 such/ },
      { args: ['x'], on: new Trace([]), because: /Actual: +no spans/ },
    ],
    undetermined: 'never',
  },
  toHaveSpanTree: {
    passes: [
      { args: [{ name: 'auth' }] },
      { args: [{}], on: new Trace([at('a', '', 0, 9), at('b', '', 0, 9)]) },
      { args: [{ name: 'GET', children: [{ service: 'auth', children: [{ name: 'left' }] }] }] },
      {
        args: [
          { name: 'GET /users', children: [{ status: 'error' }, { spanId: 'try2' }] },
          { mode: 'ordered' },
        ],
      },
      {
        args: [
          { children: [{ spanId: 'try2', children: [{ children: [{}, { name: 'right' }] }] }] },
          { mode: 'exact' },
        ],
        on: sound,
      },
    ],
    fails: [
      {
        args: [{ name: 'GET', children: [{ name: 'auth', children: [{ name: 'middle' }] }] }],
        because: /◄ has no child { name: "middle" }/,
      },
      {
        args: [{ name: 'GET /users', children: [{ name: 'POST' }] }],
        because: /Actual: +has no child { name: "POST" }\n/,
      },
      {
        args: [
          { name: 'GET /users', children: [{ spanId: 'try2' }, { spanId: 'try1' }] },
          { mode: 'ordered' },
        ],
        because: /its children are not in this order/,
      },
      {
        args: [{ children: [{ spanId: 'try2' }] }, { mode: 'exact' }],
        because: /◄ must not be here/,
      },
      { args: [{ name: 'auth' }, { mode: 'exact' }], because: /nearest: name must be "auth"/ },
      { args: [{ name: 'x' }], on: new Trace([]), because: /no span fits the top$/m },
      { args: [{}, { mode: 'exact' }], on: new Trace([]), because: /no span fits the top$/m },
      {
        args: [{}, { mode: 'exact' }],
        on: new Trace([at('a', '', 0, 9), at('b', '', 0, 9)]),
        because: /2 roots/,
      },
    ],
    undetermined: [
      {
        args: [
          { name: 'auth', children: [{ name: 'left' }, { name: 'right' }] },
          { mode: 'ordered', toleranceMs: 2 },
        ],
      },
    ],
  },
  toCallService: {
    passes: [
      { args: ['auth'] },
      { args: ['auth', { from: 'gateway', times: 2 }] },
      { args: ['gateway'] },
      { args: ['db', { times: 1 }], on: queued },
    ],
    fails: [
      { args: ['user'], because: /no call of user; services: \["gateway", "auth"\]/ },
      { args: ['auth', { from: 'user' }], because: /auth is called by \["gateway"\]/ },
      { args: ['auth', { times: 1 }], because: /2 such/ },
      { args: ['gateway', { from: 'auth' }], because: /is called by \["\(from outside\)"\]/ },
    ],
    undetermined: 'never',
  },
  toHaveAttributes: {
    passes: [
      {
        args: [{ 'http.route': '/auth', 'http.response.status_code': expect.any(Number) }],
        on: auth,
      },
      { args: [{ gone: undefined }], on: auth },
    ],
    fails: [
      {
        args: [{ 'http.response.status_code': 500 }],
        on: auth,
        because: /attributes\["http.response.status_code"\] must be 500, is 200/,
      },
    ],
    undetermined: 'never',
  },
  toHaveStatus: {
    passes: [
      { args: ['unset'], on: auth },
      { args: ['error', ''], on: whole.find({ spanId: 'try1' }) },
    ],
    fails: [
      { args: ['error'], on: auth, because: /Expected: error\nActual: +unset/ },
      { args: ['unset', 'why'], on: auth, because: /Expected: unset "why"\nActual: +unset ""/ },
    ],
    undetermined: 'never',
  },
  toHaveEvent: {
    passes: [
      { args: ['pause'], on: auth },
      { args: [{ attributes: { 'aftershock.pause.kind': /gc|block/ } }], on: auth },
    ],
    fails: [
      {
        args: [{ name: 'pause', attributes: { 'aftershock.pause.kind': 'freeze' } }],
        on: auth,
        because: /kind"\] must be "freeze", is "gc"/,
      },
      { args: ['retry'], on: auth, because: /an event { name: "retry" }/ },
    ],
    undetermined: 'never',
  },
  toHaveDurationWithin: {
    passes: [{ args: [{ minMs: 90, maxMs: 110 }] }, { args: [{ maxMs: 73 }], on: auth }],
    fails: [
      { args: [{ maxMs: 50 }], because: /at most 50 ms \(± 1 ms\)\nActual: +100 ms/ },
      { args: [{ minMs: 72 }], on: auth, because: /at least 72 ms.+\nActual: +71.0 ms/ },
    ],
    undetermined: [{ args: [{ maxMs: 100 }] }, { args: [{ minMs: 95, toleranceMs: 10 }] }],
  },
  toHaveSelfTimeWithin: {
    passes: [{ args: [{ minMs: 10, maxMs: 20 }], on: root }],
    fails: [{ args: [{ maxMs: 5 }], on: root, because: /Actual: +15.0 ms/ }],
    undetermined: [{ args: [{ maxMs: 15 }], on: root }],
  },
  toRunConcurrently: {
    passes: [
      { args: [[{ name: 'left' }, { name: 'right' }]] },
      { args: [[{ spanId: 'a' }, { spanId: 'b' }]], on: [at('a', '', 0, 9), at('b', 'a', 8, 10)] },
    ],
    fails: [
      {
        args: [[{ spanId: 'try1' }, { spanId: 'try2' }]],
        because: /5.0 ms between the first end and the last start/,
      },
      { args: [[{ name: 'left' }, { name: 'up' }]], because: /no span is { name: "up" }/ },
      {
        args: [[{ spanId: 'b' }, { spanId: 'c' }]],
        on: new Trace([at('a', '', 0, 9), at('b', 'a', 1, 2), at('c', 'a', 3, 4)]),
        because: /1.0 ms between/,
      },
    ],
    undetermined: [
      { args: [[{ name: 'left' }, { name: 'right' }], { toleranceMs: 10 }] },
      { args: [[{ spanId: 'a' }, { spanId: 'b' }]], on: [at('a', '', 0, 8), at('b', 'a', 8, 10)] },
    ],
  },
  toHaveCriticalPath: {
    passes: [
      { args: [['GET /users', 'auth', 'right']] },
      {
        args: [
          ['root', 'try2', 'auth', 'right', 'auth', 'try2', 'root'].map((spanId) => ({
            spanId,
          })),
          { exact: true },
        ],
        on: sound,
      },
      { args: [['a'], { exact: true }], on: interrupted },
    ],
    fails: [
      {
        args: [['auth', { spanId: 'middle' }]],
        because: /Expected: .+"middle".+\nActual: +gateway "GET \/users" → /,
      },
      { args: [['auth'], { exact: true }], because: /exactly/ },
      { args: [['auth']], on: new Trace([]), because: /Actual: +\(empty\)/ },
      {
        args: [['auth', 'auth', 'auth']],
        on: sound,
        because: /"auth" → auth "right" → auth "auth" → /,
      },
      {
        args: [
          'root try2 auth right auth try2'.split(' ').map((spanId) => ({ spanId })),
          { exact: true },
        ],
        on: sound,
        because: /exactly/,
      },
      {
        args: [
          'root try2 auth left auth try2 root'.split(' ').map((spanId) => ({ spanId })),
          { exact: true },
        ],
        on: sound,
        because: /exactly/,
      },
      {
        args: [['a', 'a'], { exact: true }],
        on: interrupted,
        because: /Actual: +unknown_service "a"\n/,
      },
      { args: [[{ name: 'off' }]], on: busyBeside, because: /"on" → unknown_service "root"\n/ },
      { args: [['longest', 'longest']], on: twoForks, because: /"longest" → / },
    ],
    undetermined: [
      { args: [[{ spanId: 'try2' }], { toleranceMs: 5 }] },
      {
        on: sound,
        args: [['GET /users', 'auth', 'right', 'auth'], { exact: true, toleranceMs: 6 }],
      },
      { on: close, args: [['d']] },
      { on: close, args: [['c']] },
      { on: twoForks, args: [['late', 'early']] },
      { on: twoForks, args: [['late', 'longer']] },
      { on: interrupted, args: [['a', 'b', 'a'], { exact: true }] },
      { on: close, args: [['a', 'b', 'c', 'a'], { exact: true }] },
    ],
  },
  toHaveRetries: {
    passes: [
      { args: [], on: retriedTwice },
      { args: [] },
      { args: [{ attempts: 2, of: { service: 'gateway' } }] },
    ],
    fails: [
      { args: [], on: sound, because: /Actual: +no retries/ },
      { args: [{ of: { spanId: 'try1' } }], because: /no retries/ },
      { args: [{ of: { service: 'auth' } }], because: /no retries/ },
      { args: [{ attempts: 3 }], because: /2 attempts of gateway "GET" \(by repetition\)/ },
    ],
    undetermined: 'never',
  },
  toHaveNoRepeatedCalls: {
    passes: [{ args: [] }, { args: [{ max: 3 }], on: many }],
    fails: [{ args: [], on: many, because: /3× "GET"/ }],
    undetermined: 'never',
  },
  toHaveNoOrphans: {
    passes: [{ args: [] }],
    fails: [{ args: [], on: torn, because: /its parent try2 is missing/ }],
    undetermined: 'never',
  },
  toHaveNoMissingServerSpans: {
    passes: [{ args: [] }, { args: [() => false], on: torn }],
    fails: [{ args: [], on: torn, because: /◄ its server span is missing/ }],
    undetermined: 'never',
  },
  toCarryTracestate: {
    passes: [{ args: [{ rojo: /\d/, other: undefined }, { at: { spanId: 'auth' } }] }],
    fails: [
      { args: [{ rojo: '1' }], because: /◄ rojo must be "1", is \(none\)/ },
      {
        args: [{ rojo: undefined, congo: 't' }, { at: { spanId: 'auth' } }],
        because: /◄ rojo must be \(none\), is "1"; congo must be "t", is \(none\)/,
      },
      { args: [{ rojo: '1' }, { at: { name: 'x' } }], because: /no span is { name: "x" }/ },
    ],
    undetermined: 'never',
  },
  toOriginateErrorAt: {
    passes: [{ args: [{ service: 'auth' }] }],
    fails: [
      { args: [{ service: 'user' }], because: /service must be "user", is "auth"/ },
      { args: ['GET'], on: sound, because: /nothing failed/ },
      { args: ['x'], on: failedTwice, because: /a "b", a "c"/ },
    ],
    undetermined: 'never',
  },
  toAttributePause: {
    passes: [
      { args: [{ service: 'auth' }] },
      { args: [{ service: 'auth', kind: 'gc', minMs: 35, maxMs: 45 }] },
      { on: twoPauses, args: [{ service: 'auth', kind: 'gc', minMs: 18, maxMs: 22 }] },
      { on: twoPauses, args: [{ service: 'auth', kind: 'freeze', minMs: 45 }] },
      { on: twoPauses, args: [{ service: 'auth', minMs: 65 }] },
      { on: idlePause, args: [{ service: 'api', maxMs: 10 }] },
      { on: pausedBefore, args: [{ service: 'user', minMs: 45, maxMs: 55 }] },
    ],
    fails: [
      { args: [{ service: 'user' }], because: /no pause of user; pauses: \["auth"\]/ },
      { args: [{ service: 'auth', kind: 'freeze' }], because: /only \["gc"\] of auth/ },
      { args: [{ service: 'auth', minMs: 60 }], because: /at least 60 ms/ },
      { args: [{ service: 'user', maxMs: 10 }], because: /no pause of user/ },
      { on: idlePause, args: [{ service: 'api', minMs: 0 }], because: /0 ms on the critical path/ },
      { on: bothPaused, args: [{ service: 'user' }], because: /0 ms on the critical path/ },
      { on: idlePause, args: [{ service: 'api' }], because: /0 ms on the critical path/ },
      { on: otherPaused, args: [{ service: 'api' }], because: /0 ms on the critical path/ },
    ],
    undetermined: [{ args: [{ service: 'auth', minMs: 40 }] }],
  },
  toHaveAmplification: {
    passes: [
      { on: additive, args: [{ service: 'user', min: 0.9, max: 1.1 }] },
      { on: additive, args: [{ service: 'user', kind: /gc/, percentile: 100, max: 1.05 }] },
      { on: retried, args: [{ service: 'user', min: 2 }] },
      { on: retried, args: [{ service: 'user', at: { service: 'user' }, max: 1.05 }] },
      {
        on: retried.slice(5),
        args: [{ service: 'user', min: 2, baseline: retried.slice(0, 5) }],
      },
      { on: retried.flatMap((trace) => trace.spans), args: [{ service: 'user', min: 2 }] },
      { on: mixed, args: [{ service: 'user', min: 0.99 }] },
      { on: exact, args: [{ service: 'user', max: 1.01 }] },
      { on: exact, args: [{ service: 'user', min: 0, max: 2, toleranceMs: 100 }] },
      { on: seenInPart, args: [{ service: 'user', min: 0.99 }] },
      { on: withoutDuration, args: [{ service: 'user', min: 1.98 }] },
      { on: amplified([102, 98, 101, 99, 100]), args: [{ service: 'user', min: 0.9 }] },
    ],
    fails: [
      {
        on: retried,
        args: [{ service: 'user', max: 1.1 }],
        because: /at most 1.1 at P50\nActual: +2.50 over 5 victims, usual latency 20.0 ms/,
      },
      { on: retried, args: [{ service: 'user', percentile: 100, max: 3.4 }], because: /3.50 over/ },
      { on: retried, args: [{ service: 'user', percentile: 1, min: 2 }], because: /1.50 over/ },
      { on: exact, args: [{ service: 'user', min: 1.01 }], because: /1.00 over 1 victim,/ },
      { on: exact, args: [{ service: 'user', max: 0.99 }], because: /1.00 over 1 victim,/ },
    ],
    undetermined: [
      { on: additive, args: [{ service: 'user', min: 1 }] },
      { on: additive, args: [{ service: 'user', max: 1.1, toleranceMs: 20 }] },
    ],
    refuses: [whole],
  },
  toBeLinkedTo: {
    passes: [
      { args: [{ spanId: link.spanId }], on: auth },
      { args: [link], on: auth },
      { args: [{ traceId: link.traceId }], on: auth },
      { args: [{ spanId: '2'.repeat(16) }], on: linkedTwice },
    ],
    fails: [
      {
        args: [{ spanId: '1'.repeat(16) }],
        on: auth,
        because: /Expected: .+1{16}\nActual: .+e{16}/,
      },
      { args: [root], on: auth, because: /a link to trace 4bf9/ },
      { args: [{ ...link, traceId: '0'.repeat(32) }], on: auth, because: /trace f{32}, span e/ },
      { args: [link], on: root, because: /no links/ },
    ],
    undetermined: 'never',
  },
  toConformToSemconv: {
    passes: [
      { on: handler(server), args: [] },
      { on: handler({ 'http.method': 'GET' }), args: [{ only: ['resource', 'exception'] }] },
      { on: whole.find({ name: 'left' }), args: [{ only: ['http.server'] }] },
      {
        on: handler({ ...server, 'server.port': 80 }),
        args: [{ ignore: ['http.server: server.address'] }],
      },
    ],
    fails: [
      {
        on: handler({ 'http.method': 'GET', 'http.response.status_code': '200' }),
        args: [],
        because: /conventions 1\.45\.0.+\nExpected: http.method: http.request.method instead;/,
      },
      {
        on: handler({ ...server, 'http.response.status_code': 503 }),
        args: [],
        because: /error.type: there, as the span failed.+status: "error", since the answer was 503/,
      },
      {
        on: [1, 2].map((i) =>
          at(`s${i}`, i === 1 ? '' : 's1', 0, 9, {
            kind: 'server',
            service: 'api',
            attributes: http,
          }),
        ),
        args: [{ only: ['http.server'] }],
        because: /Actual: +http.method: "GET" \(2 spans\); /,
      },
      {
        on: handler({ 'http.method': 'GET' }).find({ spanId: 'a' }),
        args: [],
        because: /http.method: http.request.method instead/,
      },
      {
        on: handler({
          'http.method': 'GET',
          'http.url': '/',
          'http.scheme': 'http',
          'net.peer.ip': '::1',
        }),
        args: [],
        because: /http.method: http.request.method instead/,
      },
    ],
    undetermined: 'never',
  },
};
