import { describe, expect, test } from 'vitest';
import type { Attributes } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import {
  countFaults,
  hasInstrumentedPeer,
  missingServerSpans,
  structureFaults,
} from '../../traces/wholeness.ts';
import { msSpan as at } from './span.ts';

const http = { 'http.request.method': 'GET' };

test.each<{ attributes: Attributes; want: boolean }>([
  { attributes: {}, want: false },
  { attributes: { 'db.system.name': 'sqlite' }, want: false },
  { attributes: http, want: true },
  { attributes: { 'http.method': 'GET' }, want: true },
  { attributes: { 'rpc.system': 'grpc' }, want: true },
  { attributes: { 'rpc.system.name': 'grpc' }, want: true },
  { attributes: { ...http, 'error.type': '503' }, want: true },
  { attributes: { ...http, 'error.type': ['ECONNREFUSED'] }, want: true },
  { attributes: { ...http, 'error.type': 'ECONNREFUSED' }, want: false },
  { attributes: { ...http, 'error.type': 'ENOTFOUND' }, want: false },
  { attributes: { ...http, 'error.type': 'NOT_ECONNREFUSED' }, want: true },
  { attributes: { ...http, 'error.type': 'ECONNREFUSED_BY_PEER' }, want: true },
])('hasInstrumentedPeer() is $want of $attributes', ({ attributes, want }) => {
  expect(hasInstrumentedPeer(at('a', '', 0, 1, { kind: 'client', attributes }))).toBe(want);
});

describe('structureFaults()', () => {
  const call = at('call', 'a', 1, 8, { kind: 'client', service: 'api', attributes: http });
  const spans = [at('a', 'test', 0, 9), call, at('b', 'call', 2, 7, { kind: 'server' })];

  test.each<{ when: string; trace: Trace; want: { message: string; spanIds: string[] }[] }>([
    { when: 'all is there', trace: new Trace(spans, { remoteParentId: 'test' }), want: [] },
    {
      when: 'there is a root',
      trace: new Trace([at('a', '', 0, 9), ...spans.slice(1)]),
      want: [],
    },
    {
      when: 'the injected parent is a span',
      trace: new Trace([at('test', '', 0, 9)], { remoteParentId: 'test' }),
      want: [],
    },
    {
      when: 'nothing came',
      trace: new Trace([]),
      want: [
        {
          message: 'no span has come; was the request sent with this traceparent, and sampled?',
          spanIds: [],
        },
      ],
    },
    {
      when: 'the first span and a server span are missing',
      trace: new Trace([call, at('c', 'call', 2, 3)], { remoteParentId: 'test' }),
      want: [
        {
          message: 'no span has the injected parent test: the first server span is missing',
          spanIds: [],
        },
        { message: 'the parent a of api "call" is missing', spanIds: ['call'] },
        {
          message:
            'the server span of api "call" is missing; if its peer is not instrumented, say so by ' +
            '`isInstrumented`',
          spanIds: ['call'],
        },
      ],
    },
  ])('are as many where $when', ({ trace, want }) => {
    expect(structureFaults(trace, hasInstrumentedPeer)).toEqual(
      want.map((each) => ({ rule: 'structure', ...each })),
    );
  });

  test('are of no span but of clients', () => {
    const trace = new Trace([at('a', '', 0, 9, { kind: 'producer', attributes: http })]);
    expect(missingServerSpans(trace)).toEqual([]);
  });
});

test('countFaults() says of each service how many spans are missing', () => {
  const spans = [at('a', '', 0, 9, { service: 'api' }), at('b', 'a', 1, 2, { service: 'db' })];
  expect(countFaults(spans, { api: 1, db: 0 })).toEqual([]);
  expect(countFaults(spans, { api: 2, web: 1 })).toEqual([
    { rule: 'count', message: 'api has ended 2 spans; 1 came', spanIds: [] },
    { rule: 'count', message: 'web has ended 1 span; 0 came', spanIds: [] },
  ]);
});
