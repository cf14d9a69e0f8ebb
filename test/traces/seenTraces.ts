import { createHash } from 'node:crypto';
import type { Span } from '../../traces/span.ts';
import { msSpan } from './span.ts';

const startUnixMs = 1_795_455_000_000;

/** Spans as they might have been recorded: ids as OTLP wants them, times of our time. */
export function recorded(traceName: string, spans: readonly Span[], shiftMs = 0): Span[] {
  const shift = BigInt(startUnixMs + shiftMs) * 1_000_000n;
  const id = (name: string) => (name === '' ? '' : hex(`${traceName} ${name}`, 16));
  return spans.map((span) => ({
    ...span,
    traceId: hex(traceName, 32),
    spanId: id(span.spanId),
    parentSpanId: id(span.parentSpanId),
    startUnixNano: span.startUnixNano + shift,
    endUnixNano: span.endUnixNano + shift,
    events: span.events.map((event) => ({ ...event, timeUnixNano: event.timeUnixNano + shift })),
    links: span.links.map((link) => ({
      ...link,
      traceId: hex(link.traceId, 32),
      spanId: hex(link.spanId, 16),
    })),
  }));
}

export function hex(name: string, digits: number): string {
  return createHash('sha256').update(name).digest('hex').slice(0, digits);
}

export interface ChainTimes {
  /** The last service's own work. */
  readonly workMs: number;
  /** What its process stood still before. */
  readonly pauseMs: number;
}

/** client → gateway → auth → user → SELECT, and a pause of user if there is one. */
export function chain({ workMs = 5, pauseMs = 0 }: Partial<ChainTimes> = {}): Span[] {
  const end = 10 + workMs + pauseMs;
  const route = { 'http.route': '/users/:id', 'http.response.status_code': 200 };
  const state = (hop: number) => `aftershock=h:${hop};t:1795455095871699`;
  const pause = {
    name: 'pause',
    timeUnixNano: 5_000_000n,
    attributes: { 'aftershock.pause.kind': 'gc', 'aftershock.pause.overlap_ms': pauseMs },
  };
  const queue = msSpan('queue', 'to-user', 5, 5 + pauseMs, {
    service: 'user',
    name: 'server.queue',
    events: [pause],
    links: [{ traceId: 'pause', spanId: 'pause', traceState: '', attributes: {} }],
  });
  const call = { kind: 'client' as const, name: 'GET /users/:id' };
  const serve = { kind: 'server' as const, name: 'GET /users/:id', attributes: route };
  return [
    msSpan('load', '', 0, end + 5, { service: 'load', kind: 'client', name: 'GET /users/42' }),
    msSpan('gateway', 'load', 1, end + 4, { ...serve, service: 'gateway', traceState: state(1) }),
    msSpan('to-auth', 'gateway', 2, end + 3, { ...call, service: 'gateway' }),
    msSpan('auth', 'to-auth', 3, end + 2, { ...serve, service: 'auth', traceState: state(2) }),
    msSpan('to-user', 'auth', 4, end + 1, { ...call, service: 'auth' }),
    ...(pauseMs > 0 ? [queue] : []),
    msSpan('user', 'to-user', 5 + pauseMs, end, {
      ...serve,
      service: 'user',
      traceState: state(3),
    }),
    msSpan('select', 'user', 6 + pauseMs, 7 + pauseMs, {
      service: 'user',
      kind: 'client',
      name: 'SELECT users',
      attributes: { 'db.query.text': 'SELECT id FROM users WHERE id = ?' },
    }),
  ];
}

/** The pause that the chain's queue links to, in a trace of its own. */
export function pauseSpan(pauseMs: number): Span {
  const [span] = recorded('pause', [
    msSpan('pause', '', 5, 5 + pauseMs, {
      service: 'user',
      name: 'pause gc',
      attributes: { 'aftershock.pause.kind': 'gc', 'aftershock.pause.phase': 'poll' },
    }),
  ]);
  return { ...(span as Span), spanId: hex('pause', 16) };
}

/** A call that succeeds at its `tries`th attempt; the others take 30 ms. */
export function retried(tries: number): Span[] {
  const call = (i: number) => `try${i}`;
  const attempts = Array.from({ length: tries }, (_, i) => {
    const isLast = i === tries - 1;
    const attributes = {
      'http.request.method': 'GET',
      'url.full': 'http://127.0.0.1:8082/users/7',
      ...(i > 0 && { 'http.request.resend_count': i }),
      ...(isLast ? { 'http.response.status_code': 200 } : { 'error.type': 'timeout' }),
    };
    const status = isLast ? ('unset' as const) : ('error' as const);
    const more = { service: 'gateway', kind: 'client' as const, name: 'GET', attributes, status };
    return [
      msSpan(call(i), 'gateway', 5 + 40 * i, isLast ? 25 + 40 * i : 35 + 40 * i, more),
      msSpan(`served${i}`, call(i), 7 + 40 * i, 20 + 40 * i, {
        service: 'user',
        kind: 'server',
        name: 'GET /users/7',
      }),
    ];
  });
  const end = 30 + 40 * (tries - 1);
  return [
    msSpan('gateway', '', 0, end, { service: 'gateway', kind: 'server', name: 'GET /users/:id' }),
    ...attempts.flat(),
  ];
}

/** An error that begins in user and goes up. */
export function failing(): Span[] {
  const status = 'error' as const;
  return [
    msSpan('gateway', '', 0, 40, {
      service: 'gateway',
      kind: 'server',
      name: 'GET /',
      status,
      attributes: { 'http.response.status_code': 502, 'error.type': '502' },
    }),
    msSpan('call', 'gateway', 2, 38, {
      service: 'gateway',
      kind: 'client',
      name: 'GET',
      status,
      attributes: { 'error.type': '500' },
    }),
    {
      ...msSpan('user', 'call', 4, 36, {
        service: 'user',
        kind: 'server',
        name: 'GET /',
        attributes: { 'http.response.status_code': 500, 'error.type': 'TypeError' },
      }),
      status: { code: status, message: 'x is not a function' },
      events: [
        {
          name: 'exception',
          timeUnixNano: 30_000_000n,
          attributes: { 'exception.type': 'TypeError', 'exception.message': 'x is not a function' },
        },
      ],
    },
  ];
}

/** Calls to as many services at once, the last of which is the slowest. */
export function fanOut(leaves: number, slowestMs = 30): Span[] {
  return [
    msSpan('gateway', '', 0, slowestMs + 10, {
      service: 'gateway',
      kind: 'server',
      name: 'GET /all',
    }),
    ...Array.from({ length: leaves }, (_, i) => {
      const end = i === leaves - 1 ? slowestMs + 5 : 20;
      const attributes = { 'peer.service': `leaf${i}` };
      return [
        msSpan(`call${i}`, 'gateway', 2, end, {
          service: 'gateway',
          kind: 'client',
          name: 'GET',
          attributes,
        }),
        msSpan(`leaf${i}`, `call${i}`, 3, end - 1, {
          service: `leaf${i}`,
          kind: 'server',
          name: 'GET /leaf',
        }),
      ];
    }).flat(),
  ];
}

/** Two roots, a parent that is missing, a cycle, an end before its start, and names to beware of. */
export function odd(): Span[] {
  return [
    msSpan('first', '', 0, 50, { service: "it's", name: hostile[0] ?? '', kind: 'server' }),
    msSpan('second', '', 10, 20, { service: 'b', name: hostile[1] ?? '', kind: 'consumer' }),
    msSpan('lost', 'nobody', 5, 15, { service: 'c', name: hostile[2] ?? '' }),
    msSpan('x', 'y', 20, 30, { service: 'd', name: hostile[3] ?? '' }),
    msSpan('y', 'x', 21, 29, { service: 'd', name: hostile[4] ?? '' }),
    msSpan('back', 'first', 40, 30, { service: 'e', name: hostile[5] ?? '' }),
  ];
}

/** Each sets `globalThis.escaped` if it ever gets out of the literal or comment that it stands in. */
export const hostile = [
  "'); globalThis.escaped = 1; ('",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it must not become one.
  '`${globalThis.escaped = 1}`',
  '\n globalThis.escaped = 1 // */ globalThis.escaped = 1 /*',
  '\u2028globalThis.escaped = 1\u2029\r\\',
  '\\\'); globalThis.escaped = 1; //\\"',
  '\u001b[2J\u202e日本語 👩‍👩‍👧 \ud800 "quotes" \'both\'',
  '</script><script>globalThis.escaped = 1</script>',
  'GET /a(b[c]/42?d={e}',
];
