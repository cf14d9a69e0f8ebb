import {
  type Context,
  context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import { HopPropagator } from '../../services/kit/propagator.ts';
import { RequestTracer } from '../../services/kit/requestTracer.ts';

const traceId = '12345678901234567890123456789012';
const parentId = '1234567890123456';
const parent = (flags: string) => `00-${traceId}-${parentId}-${flags}`;

/** What a service sends on for what it received: a server span and the headers of its call. */
function passOn(headers: Record<string, string>): Record<string, string> {
  const propagator = new HopPropagator(() => '5');
  const tracer = new RequestTracer({
    resource: resourceFromAttributes({}),
    scope: { name: 'x', version: '1' },
    processor: new SimpleSpanProcessor({ exporter: new InMemorySpanExporter() }),
  });
  const received: Context = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
  const span = tracer.startSpan('GET', {}, received);
  const carrier: Record<string, string> = {};
  propagator.inject(trace.setSpan(context.active(), span), carrier, {
    set: (into, key, value) => {
      into[key] = value;
    },
  });
  return carrier;
}

const wellFormed = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

describe('traceparent, by W3C Trace Context, level 2', () => {
  test.each([
    { what: 'as it should be', traceparent: parent('01'), flags: '01' },
    { what: 'not sampled', traceparent: parent('00'), flags: '00' },
    { what: 'random', traceparent: parent('02'), flags: '02' },
    { what: 'random and sampled', traceparent: parent('03'), flags: '03' },
    { what: 'flags of a later level', traceparent: parent('ff'), flags: '03' },
    { what: 'a later version', traceparent: `cc-${traceId}-${parentId}-01`, flags: '01' },
    {
      what: 'a later version with more',
      traceparent: `cc-${traceId}-${parentId}-01-what-the-future-will-be-like`,
      flags: '01',
    },
  ])('goes on with the trace: $what', ({ traceparent, flags }) => {
    const sent = passOn({ traceparent }).traceparent ?? '';
    const [, sentTraceId, sentParentId, sentFlags] = wellFormed.exec(sent) ?? [];
    expect(sentTraceId).toBe(traceId);
    expect(sentParentId).not.toBe(parentId);
    expect(sentFlags).toBe(flags);
  });

  test.each([
    { what: 'none' },
    { what: 'version ff', traceparent: `ff-${traceId}-${parentId}-01` },
    { what: 'version of one digit', traceparent: `0-${traceId}-${parentId}-01` },
    { what: 'version of three digits', traceparent: `000-${traceId}-${parentId}-01` },
    { what: 'a bad version', traceparent: `.0-${traceId}-${parentId}-01` },
    { what: 'version 00 with more', traceparent: `${parent('01')}-extra` },
    { what: 'a later version with more, not set off', traceparent: `cc${parent('01').slice(2)}.x` },
    { what: 'trace id of zeros', traceparent: `00-${'0'.repeat(32)}-${parentId}-01` },
    { what: 'trace id too short', traceparent: `00-${traceId.slice(1)}-${parentId}-01` },
    { what: 'trace id too long', traceparent: `00-${traceId}1-${parentId}-01` },
    { what: 'trace id in capitals', traceparent: `00-${'A'.repeat(32)}-${parentId}-01` },
    { what: 'a bad character in it', traceparent: `00-.${traceId.slice(1)}-${parentId}-01` },
    { what: 'parent id of zeros', traceparent: `00-${traceId}-${'0'.repeat(16)}-01` },
    { what: 'parent id too short', traceparent: `00-${traceId}-${parentId.slice(1)}-01` },
    { what: 'parent id too long', traceparent: `00-${traceId}-${parentId}1-01` },
    { what: 'a bad character in it', traceparent: `00-${traceId}-.${parentId.slice(1)}-01` },
    { what: 'flags too short', traceparent: parent('1') },
    { what: 'flags too long', traceparent: parent('001') },
    { what: 'a bad character in flags', traceparent: parent('.0') },
  ])('begins a new, random trace: $what', ({ traceparent }) => {
    const headers = { tracestate: 'foo=1', ...(traceparent !== undefined && { traceparent }) };
    const sent = passOn(headers);
    const [, sentTraceId, , sentFlags] = wellFormed.exec(sent.traceparent ?? '') ?? [];
    expect(sentTraceId).toBeDefined();
    expect(sentTraceId).not.toBe(traceId);
    expect(sentFlags).toBe('03');
    expect(sent.tracestate).toBe('aftershock=h:1;t:5');
  });
});

test.each([
  { what: 'with our member leftmost', tracestate: 'foo=1,bar=2', want: 'foo=1,bar=2' },
  {
    what: 'without white space',
    tracestate: 'foo=1 \t , \t bar=2, \t baz=3',
    want: 'foo=1,bar=2,baz=3',
  },
  { what: 'with @ at a key’s end', tracestate: 'foo@=1,bar=2', want: 'foo@=1,bar=2' },
])('a tracestate goes on $what', ({ tracestate, want }) => {
  const sent = passOn({ traceparent: parent('00'), tracestate });
  expect(sent.tracestate).toBe(`aftershock=h:1;t:5,${want}`);
});

test.each([
  { what: 'a faulty member', tracestate: 'foo=,bar=3' },
  { what: 'two equals signs', tracestate: 'foo=bar=baz' },
  { what: 'an empty header', tracestate: '' },
  {
    what: '33 members',
    tracestate: Array.from({ length: 33 }, (_, i) => `bar${i}=1`).join(),
  },
])('a tracestate is discarded, and the trace goes on: $what', ({ tracestate }) => {
  const sent = passOn({ traceparent: parent('01'), tracestate });
  expect(sent.traceparent).toContain(traceId);
  expect(sent.tracestate).toBe('aftershock=h:1;t:5');
});
