import { expect, test } from 'vitest';
import { clockOffsets, isSkewed } from '../../lab/doctor/clocks.ts';
import { type Hop, hopsOf, isWhole } from '../../lab/doctor/hops.ts';
import type { Attributes, Span } from '../../traces/span.ts';
import { span as anySpan } from '../traces/span.ts';

interface Draft {
  readonly id: string;
  readonly parent: string;
  readonly service: string;
  readonly kind: 'client' | 'server';
  /** Milliseconds. */
  readonly at?: readonly [start: number, end: number];
  readonly attributes?: Attributes;
  readonly error?: string;
  readonly traceState?: string;
}

function span({ id, parent, service, kind, at = [0, 1], error, ...rest }: Draft): Span {
  const { attributes = {}, traceState = '' } = rest;
  return {
    ...anySpan(id, parent, at[0] * 1e6, at[1] * 1e6),
    kind,
    attributes: { 'http.request.method': 'GET', ...attributes },
    status: { code: error === undefined ? 'unset' : 'error', message: error ?? '' },
    traceState,
    resource: { attributes: { 'service.name': service } },
  };
}

const answered = { 'http.response.status_code': 200 };
const root = span({ id: 'root', parent: '', service: 'doctor', kind: 'client', at: [0, 100] });
const gateway = span({ id: 'g', parent: 'root', service: 'gateway', kind: 'server', at: [10, 90] });
const toAuth = span({
  id: 'ga',
  parent: 'g',
  service: 'gateway',
  kind: 'client',
  at: [20, 80],
  attributes: { 'aftershock.call.to': 'auth', ...answered },
});
const auth = span({ id: 'a', parent: 'ga', service: 'auth', kind: 'server', at: [30, 70] });

function shown(hops: readonly Hop[]): string[] {
  return hops.map(
    ({ service, depth, server, failure }) =>
      `${depth} ${service}${server === null ? (failure === null ? ' missing' : ` ${failure}`) : ''}`,
  );
}

test.each([
  { when: 'all is there', spans: [root, gateway, toAuth, auth], want: ['1 gateway', '2 auth'] },
  { when: 'the root is not', spans: [gateway, toAuth, auth], want: ['1 gateway', '2 auth'] },
  { when: 'nothing is', spans: [], want: ['1 gateway missing'] },
  { when: 'the callee is not', spans: [gateway, toAuth], want: ['1 gateway', '2 auth missing'] },
  {
    when: 'the call failed',
    spans: [
      gateway,
      span({
        id: 'ga',
        parent: 'g',
        service: 'gateway',
        kind: 'client',
        attributes: { 'aftershock.call.to': 'auth' },
        error: 'connect ECONNREFUSED',
      }),
    ],
    want: ['1 gateway', '2 auth connect ECONNREFUSED'],
  },
  {
    when: 'the entry sends its spans elsewhere',
    spans: [root, { ...auth, traceState: 'aftershock=h:1;t:1,doctor=canary' }],
    want: ['1 gateway missing', '2 auth'],
  },
  {
    when: 'parents go in a circle',
    spans: [gateway, { ...toAuth, parentSpanId: 'a' }, auth],
    want: ['1 gateway'],
  },
  {
    when: 'a service is called twice, and one of its spans is missing',
    spans: [gateway, toAuth, auth, { ...toAuth, spanId: 'gb' }],
    want: ['1 gateway', '2 auth'],
  },
])('hopsOf() is $want when $when', ({ spans, want }) => {
  const hops = hopsOf(spans, root);
  expect(shown(hops)).toEqual(want);
  expect(isWhole(hops)).toBe(want.every((each) => !each.endsWith('missing')));
});

/** `auth` as its clock shows it when that is `aheadMs` ahead. */
function shifted(aheadMs: number): Span {
  const nano = BigInt(aheadMs) * 1_000_000n;
  return {
    ...auth,
    startUnixNano: auth.startUnixNano + nano,
    endUnixNano: auth.endUnixNano + nano,
  };
}

test.each([
  { aheadMs: 0, offsetMs: 0, skewed: false },
  { aheadMs: 10, offsetMs: 10, skewed: false },
  { aheadMs: 5000, offsetMs: 5000, skewed: true },
  { aheadMs: -5000, offsetMs: -5000, skewed: true },
])('a clock $aheadMs ms ahead is $offsetMs ± 20 ms, skewed: $skewed', (row) => {
  const hops = hopsOf([gateway, toAuth, shifted(row.aheadMs)], root);
  const [ofGateway, ofAuth] = clockOffsets(hops, 'doctor');
  expect(ofGateway).toEqual({ service: 'gateway', offsetMs: 0, marginMs: 10 });
  expect(ofAuth).toEqual({ service: 'auth', offsetMs: row.offsetMs, marginMs: 20 });
  expect(ofAuth && isSkewed(ofAuth)).toBe(row.skewed);
});

test('a call that timed out says nothing of clocks', () => {
  const gaveUp = { ...toAuth, attributes: { ...toAuth.attributes, 'error.type': 'timeout' } };
  const hops = hopsOf([gateway, gaveUp, shifted(5000)], root);
  expect(clockOffsets(hops, 'doctor').map(({ service }) => service)).toEqual(['gateway']);
});
