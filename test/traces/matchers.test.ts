import { describe, expect, test } from 'vitest';
import type { Span } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import { traceMatchers } from '../../traces/vitest/index.ts';
import { msSpan as at } from './span.ts';

expect.extend(traceMatchers);

const get = { attributes: { 'http.request.method': 'GET', 'server.address': 'api' } };
const pause = {
  name: 'pause',
  timeUnixNano: 30_000_000n,
  attributes: { 'aftershock.pause.kind': 'gc', 'aftershock.pause.overlap_ms': 40 },
};
const link = { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16), traceState: '', attributes: {} };

/** gateway calls auth, fails once and tries again; auth pauses. */
const spans: readonly Span[] = [
  at('root', '', 0, 100, { kind: 'server', service: 'gateway', name: 'GET /users' }),
  at('try1', 'root', 5, 15, {
    ...{ kind: 'client', service: 'gateway', name: 'GET', status: 'error' },
    attributes: { ...get.attributes, 'error.type': '503' },
  }),
  at('fail', 'try1', 7, 13, { kind: 'server', service: 'auth', name: 'auth', status: 'error' }),
  at('try2', 'root', 20, 95, { kind: 'client', service: 'gateway', name: 'GET', ...get }),
  at('auth', 'try2', 22, 93, {
    ...{ kind: 'server', service: 'auth', name: 'auth', events: [pause], links: [link] },
    attributes: { 'http.route': '/auth', 'http.response.status_code': 200 },
    traceState: 'rojo=1',
  }),
  at('left', 'auth', 75, 85, { service: 'auth' }),
  at('right', 'auth', 76, 90, { service: 'auth' }),
];
const whole = new Trace(spans);
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
const auth = whole.find({ spanId: 'auth' });
const root = whole.find({ spanId: 'root' });

type Name = keyof typeof traceMatchers;
interface Case {
  readonly args: unknown[];
  readonly on?: unknown;
}
interface Row {
  readonly matcher: Name;
  readonly passes: readonly Case[];
  readonly fails: readonly (Case & { readonly because: RegExp })[];
  readonly undetermined?: readonly Case[];
}

const rows: readonly Row[] = [
  {
    matcher: 'toHaveSpan',
    passes: [
      { args: ['auth'] },
      { args: [{ service: 'auth', name: /^au/, kind: 'server' }] },
      { args: [{ attributes: { 'http.route': expect.stringContaining('auth') } }] },
      { args: ['GET', { times: 2 }] },
      { args: ['auth'], on: [...spans] },
    ],
    fails: [
      {
        args: [{ service: 'auth', attributes: { 'http.route': '/users' } }],
        because: /nearest: attributes\["http.route"\] must be "\/users", is "\/auth"/,
      },
      { args: ['GET', { times: 3 }], because: /3 spans.+\n.*\n?Actual: +2 such/ },
      { args: ['x'], on: new Trace([]), because: /Actual: +no spans/ },
    ],
  },
  {
    matcher: 'toHaveSpanTree',
    passes: [
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
  {
    matcher: 'toCallService',
    passes: [{ args: ['auth'] }, { args: ['auth', { from: 'gateway', times: 2 }] }],
    fails: [
      { args: ['user'], because: /no call of user; services: \["gateway", "auth"\]/ },
      { args: ['auth', { from: 'user' }], because: /auth is called by \["gateway"\]/ },
    ],
  },
  {
    matcher: 'toHaveAttributes',
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
  },
  {
    matcher: 'toHaveStatus',
    passes: [
      { args: ['unset'], on: auth },
      { args: ['error', ''], on: whole.find({ spanId: 'try1' }) },
    ],
    fails: [{ args: ['error'], on: auth, because: /Expected: error\nActual: +unset/ }],
  },
  {
    matcher: 'toHaveEvent',
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
    ],
  },
  {
    matcher: 'toHaveDurationWithin',
    passes: [{ args: [{ minMs: 90, maxMs: 110 }] }, { args: [{ maxMs: 73 }], on: auth }],
    fails: [
      { args: [{ maxMs: 50 }], because: /at most 50 ms \(± 1 ms\)\nActual: +100 ms/ },
      { args: [{ minMs: 72 }], on: auth, because: /at least 72 ms.+\nActual: +71.0 ms/ },
    ],
    undetermined: [{ args: [{ maxMs: 100 }] }, { args: [{ minMs: 95, toleranceMs: 10 }] }],
  },
  {
    matcher: 'toHaveSelfTimeWithin',
    passes: [{ args: [{ minMs: 10, maxMs: 20 }], on: root }],
    fails: [{ args: [{ maxMs: 5 }], on: root, because: /Actual: +15.0 ms/ }],
    undetermined: [{ args: [{ maxMs: 15 }], on: root }],
  },
  {
    matcher: 'toRunConcurrently',
    passes: [{ args: [[{ name: 'left' }, { name: 'right' }]] }],
    fails: [
      {
        args: [[{ spanId: 'try1' }, { spanId: 'try2' }]],
        because: /5.0 ms between the first end and the last start/,
      },
      { args: [[{ name: 'left' }, { name: 'up' }]], because: /no span is { name: "up" }/ },
    ],
    undetermined: [{ args: [[{ name: 'left' }, { name: 'right' }], { toleranceMs: 10 }] }],
  },
  {
    matcher: 'toHaveCriticalPath',
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
    ],
    fails: [
      {
        args: [['auth', { spanId: 'middle' }]],
        because: /Expected: .+"middle".+\nActual: +gateway "GET \/users" → /,
      },
      { args: [['auth'], { exact: true }], because: /exactly/ },
    ],
    undetermined: [{ args: [[{ spanId: 'try2' }], { toleranceMs: 5 }] }],
  },
  {
    matcher: 'toHaveRetries',
    passes: [{ args: [] }, { args: [{ attempts: 2, of: { service: 'gateway' } }] }],
    fails: [
      { args: [], on: sound, because: /Actual: +no retries/ },
      { args: [{ attempts: 3 }], because: /2 attempts of gateway "GET" \(by repetition\)/ },
    ],
  },
  {
    matcher: 'toHaveNoRepeatedCalls',
    passes: [{ args: [] }, { args: [{ max: 3 }], on: many }],
    fails: [{ args: [], on: many, because: /3× "GET"/ }],
  },
  {
    matcher: 'toHaveNoOrphans',
    passes: [{ args: [] }],
    fails: [{ args: [], on: torn, because: /its parent try2 is missing/ }],
  },
  {
    matcher: 'toHaveNoMissingServerSpans',
    passes: [{ args: [] }, { args: [() => false], on: torn }],
    fails: [{ args: [], on: torn, because: /◄ its server span is missing/ }],
  },
  {
    matcher: 'toCarryTracestate',
    passes: [{ args: [{ rojo: /\d/, other: undefined }, { at: { spanId: 'auth' } }] }],
    fails: [
      { args: [{ rojo: '1' }], because: /◄ rojo must be "1", is \(none\)/ },
      { args: [{ rojo: '1' }, { at: { name: 'x' } }], because: /no span is { name: "x" }/ },
    ],
  },
  {
    matcher: 'toOriginateErrorAt',
    passes: [{ args: [{ service: 'auth' }] }],
    fails: [
      { args: [{ service: 'user' }], because: /service must be "user", is "auth"/ },
      { args: ['GET'], on: sound, because: /nothing failed/ },
    ],
  },
  {
    matcher: 'toAttributePause',
    passes: [
      { args: [{ service: 'auth' }] },
      { args: [{ service: 'auth', kind: 'gc', minMs: 35, maxMs: 45 }] },
    ],
    fails: [
      { args: [{ service: 'user' }], because: /no pause of user; pauses: \["auth"\]/ },
      { args: [{ service: 'auth', kind: 'freeze' }], because: /\["gc"\] of auth, 40.0 ms/ },
      { args: [{ service: 'auth', minMs: 60 }], because: /at least 60 ms/ },
    ],
    undetermined: [{ args: [{ service: 'auth', minMs: 40 }] }],
  },
  {
    matcher: 'toBeLinkedTo',
    passes: [
      { args: [{ spanId: link.spanId }], on: auth },
      { args: [link], on: auth },
    ],
    fails: [
      {
        args: [{ spanId: '1'.repeat(16) }],
        on: auth,
        because: /Expected: .+1{16}\nActual: .+e{16}/,
      },
      { args: [root], on: auth, because: /a link to trace 4bf9/ },
    ],
  },
];

type Call = (...args: unknown[]) => void;
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

test('every matcher has its row', () => {
  expect(rows.map(({ matcher }) => matcher)).toEqual(Object.keys(traceMatchers));
});

describe.each(rows)('$matcher', ({ matcher, passes, fails, undetermined = [] }) => {
  test('passes, and its .not fails', () => {
    for (const { args, on = whole } of passes) {
      call(on, matcher, false)(...args);
      const { message } = failure(() => call(on, matcher, true)(...args));
      expect(message).toContain(`expect(trace).not.${matcher}: it must not`);
    }
  });

  test('fails for the right reason, and its .not passes', () => {
    for (const { args, on = whole, because } of fails) {
      const error = failure(() => call(on, matcher, false)(...args));
      expect(error.message).toMatch(because);
      expect(error.message.split('\n').length).toBeLessThan(60);
      expect([typeof error.expected, typeof error.actual]).toEqual(['string', 'string']);
      call(on, matcher, true)(...args);
    }
  });

  test('neither passes nor does its .not within the tolerance', () => {
    for (const { args, on = whole } of undetermined) {
      for (const not of [false, true]) {
        const { message } = failure(() => call(on, matcher, not)(...args));
        expect(message).toContain('Undetermined');
      }
    }
  });

  test('has a message that a person understands', () => {
    const { args, on = whole } = fails[0] as Case;
    expect(failure(() => call(on, matcher, false)(...args)).message).toMatchSnapshot();
  });

  test.each([undefined, null, 'trace', {}, [1]])('refuses %o, with .not too', (on) => {
    const { args } = passes[0] as Case;
    for (const not of [false, true]) {
      expect(() => call(on, matcher, not)(...args)).toThrow(TypeError);
    }
  });
});

describe('in vitest', () => {
  test('they are typed', () => {
    expect(whole).toHaveSpan({ service: 'auth', name: expect.stringMatching('auth') });
    expect(auth).toHaveDurationWithin({ minMs: 50 });
    // @ts-expect-error there is no such kind
    expect(whole).not.toHaveSpan({ kind: 'sever' });
    // @ts-expect-error a bound is needed as an object
    expect(() => expect(auth).toHaveDurationWithin(5)).toThrow(RangeError);
  });

  test('they are asymmetric, too', () => {
    expect({ trace: whole }).toEqual({ trace: expect.toHaveSpan('auth') });
    expect({ trace: whole }).not.toEqual({ trace: expect.toHaveSpan('user') });
    expect({ trace: whole }).toEqual({ trace: expect.not.toHaveSpan('user') });
    for (const matcher of [expect.toHaveDurationWithin, expect.not.toHaveDurationWithin]) {
      expect({ trace: whole }).not.toEqual({ trace: matcher({ maxMs: 100 }) });
    }
  });

  test('they poll', async () => {
    const came: Span[] = [];
    const timer = setInterval(() => came.push(...spans.slice(came.length, came.length + 1)), 5);
    try {
      await expect.poll(() => [...came]).toHaveSpan('auth');
    } finally {
      clearInterval(timer);
    }
  });

  test('they are soft', ({ task }) => {
    expect.soft(whole).toHaveSpan('user');
    const [error] = task.result?.errors ?? [];
    expect(error?.message).toContain('toHaveSpan');
    // It has failed as it should.
    if (task.result) {
      task.result.state = 'run';
      task.result.errors = [];
    }
  });
});

test('bounds and tolerances that cannot be are refused', () => {
  expect(() => expect(whole).toHaveDurationWithin({})).toThrow(/minMs or maxMs/);
  expect(() => expect(whole).toHaveDurationWithin({ minMs: 5, maxMs: 1 })).toThrow(RangeError);
  expect(() => expect(whole).toHaveDurationWithin({ maxMs: 1, toleranceMs: 0.5 })).toThrow(
    /at least 1/,
  );
  expect(() => expect(whole).toRunConcurrently([{ name: 'left' }])).toThrow(/at least two/);
});
