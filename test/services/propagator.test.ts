import {
  createTraceState,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { describe, expect, test } from 'vitest';
import { readHop } from '../../pauses/attribution/stamp.ts';
import { HopPropagator, renewHop } from '../../services/kit/propagator.ts';

const article = 'rojo=00f067aa0ba902b7,congo=t61rcm8rf17u7ctf4hlm';
const many = (count: number) => Array.from({ length: count }, (_, i) => `v${i}=x`).join(',');

test.each([
  { when: 'there is none', given: '', want: 'aftershock=h:1;t:5' },
  { when: 'it is the article’s', given: article, want: `aftershock=h:1;t:5,${article}` },
  {
    when: 'ours is leftmost',
    given: `aftershock=h:1;t:1,${article}`,
    want: `aftershock=h:2;t:5,${article}`,
  },
  {
    when: 'ours is in the middle',
    given: 'a=1,aftershock=h:7;t:1,b=2',
    want: 'aftershock=h:8;t:5,a=1,b=2',
  },
  {
    when: 'ours is not of our making',
    given: 'aftershock=zzz,a=1',
    want: 'aftershock=h:1;t:5,a=1',
  },
  {
    when: 'a name only begins like ours',
    given: 'aftershock2=1',
    want: 'aftershock=h:1;t:5,aftershock2=1',
  },
  {
    when: 'there is white space',
    given: 'a=1 , aftershock=h:1;t:1 ,, b=2',
    want: 'aftershock=h:2;t:5,a=1 , b=2',
  },
  { when: 'it is full', given: many(32), want: `aftershock=h:1;t:5,${many(31)}` },
  {
    when: 'it is full with ours',
    given: `${many(31)},aftershock=h:1;t:1`,
    want: `aftershock=h:2;t:5,${many(31)}`,
  },
])('renewHop() keeps foreign members in order when $when', ({ given, want }) => {
  expect(renewHop(given, '5')).toBe(want);
});

test.each([
  {
    given: 'aftershock=h:3;t:1718439730123456',
    want: { hop: 3, sentUnixMicros: 1718439730123456 },
  },
  { given: `${article},aftershock=h:1;t:2`, want: { hop: 1, sentUnixMicros: 2 } },
  { given: article, want: undefined },
  { given: 'aftershock=h:x;t:2', want: undefined },
  { given: '', want: undefined },
])('readHop($given)', ({ given, want }) => {
  expect(readHop(given)).toEqual(want);
});

describe('HopPropagator', () => {
  const propagator = new HopPropagator(() => '5');
  const headers = {
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    tracestate: article,
  };

  test('passes the article’s pair of headers on with our member at the left', () => {
    const context = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    expect(trace.getSpanContext(context)).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
      traceFlags: 1,
      isRemote: true,
    });
    const carrier = {};
    propagator.inject(context, carrier, defaultTextMapSetter);
    expect(carrier).toEqual({
      traceparent: headers.traceparent,
      tracestate: `aftershock=h:1;t:5,${article}`,
    });
  });

  test.each([
    { what: 'no span', context: ROOT_CONTEXT },
    {
      what: 'an invalid span',
      context: trace.setSpanContext(ROOT_CONTEXT, { traceId: '0', spanId: '0', traceFlags: 1 }),
    },
    {
      what: 'tracing suppressed',
      context: suppressTracing(
        trace.setSpanContext(ROOT_CONTEXT, {
          traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
          spanId: '00f067aa0ba902b7',
          traceFlags: 1,
          traceState: createTraceState(article),
        }),
      ),
    },
  ])('injects nothing with $what', ({ context }) => {
    const carrier = {};
    propagator.inject(context, carrier, defaultTextMapSetter);
    expect(carrier).toEqual({});
  });
});
