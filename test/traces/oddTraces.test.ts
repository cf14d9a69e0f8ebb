import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Collector, startCollector } from '../../collector/collector.ts';
import { FileSource } from '../../traces/source/file.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import type { Span } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import { waterfall } from '../../traces/waterfall.ts';

const traceId = (i: number) => (i + 1).toString(16).padStart(32, 'f');
const spanId = 'A1b2c3d4e5f60718';
const huge = 'x'.repeat(3_000_000);

/** What other systems have been seen to send, each as one span of one request. */
const oddSpans: readonly {
  what: string;
  span: object;
  want: Partial<Span> | { attributes: object };
}[] = [
  { what: 'nothing but ids', span: {}, want: { name: '', kind: 'unspecified', startUnixNano: 0n } },
  { what: 'ids in capitals', span: {}, want: { spanId: spanId.toLowerCase() } },
  { what: 'an empty name', span: { name: '' }, want: { name: '' } },
  { what: 'a parent of zeros', span: { parentSpanId: '0'.repeat(16) }, want: { parentSpanId: '' } },
  { what: 'null for everything', span: nulls(), want: { name: '', attributes: {}, events: [] } },
  { what: 'a kind by name', span: { kind: 'SPAN_KIND_SERVER' }, want: { kind: 'server' } },
  { what: 'a kind as text', span: { kind: '3' }, want: { kind: 'client' } },
  { what: 'a kind of a newer OTLP', span: { kind: 42 }, want: { kind: 'unspecified' } },
  {
    what: 'a kind of a newer OTLP, by name',
    span: { kind: 'SPAN_KIND_NEWER' },
    want: { kind: 'unspecified' },
  },
  {
    what: 'a status by name',
    span: { status: { code: 'STATUS_CODE_ERROR', message: 'ü' } },
    want: { status: { code: 'error', message: 'ü' } },
  },
  { what: 'a status of a newer OTLP', span: { status: { code: 7 } }, want: status('unset') },
  {
    what: 'times as numbers',
    span: {
      startTimeUnixNano: 1_760_000_000_000_000_000,
      endTimeUnixNano: Number(1_760_000_000_000_000_256n),
    },
    want: { startUnixNano: 1_760_000_000_000_000_000n, endUnixNano: 1_760_000_000_000_000_256n },
  },
  {
    what: 'an end before its start',
    span: { startTimeUnixNano: '20', endTimeUnixNano: '10' },
    want: { startUnixNano: 20n, endUnixNano: 10n },
  },
  {
    what: 'an end that is not there',
    span: { startTimeUnixNano: '1760000000000000000' },
    want: { endUnixNano: 0n },
  },
  {
    what: 'fields of a newer OTLP',
    span: {
      newer: { deep: [1] },
      attributes: [{ key: 'a', value: { stringValue: 'b' }, newer: 1 }],
    },
    want: { attributes: { a: 'b' } },
  },
  {
    what: 'a value of a newer kind, an empty one and none',
    span: {
      attributes: [
        { key: 'newer', value: { moneyValue: 1 } },
        { key: 'empty', value: {} },
        { key: 'none' },
      ],
    },
    want: { attributes: { newer: null, empty: null, none: null } },
  },
  {
    what: 'integers as numbers, as text, and beyond 2^53',
    span: {
      attributes: [
        { key: 'number', value: { intValue: 7 } },
        { key: 'text', value: { intValue: '-7' } },
        { key: 'large', value: { intValue: '9223372036854775807' } },
      ],
    },
    want: { attributes: { number: 7, text: -7, large: 9223372036854775807n } },
  },
  {
    what: 'doubles that JSON has no numbers for',
    span: {
      attributes: ['NaN', 'Infinity', '-Infinity', 1].map((doubleValue) => ({
        key: String(doubleValue),
        value: { doubleValue },
      })),
    },
    want: { attributes: { NaN, Infinity, '-Infinity': -Infinity, 1: 1 } },
  },
  {
    what: 'bytes, lists of kinds mixed, and maps',
    span: {
      attributes: [
        { key: 'bytes', value: { bytesValue: 'AQID' } },
        { key: 'list', value: { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'a' }] } } },
        {
          key: 'map',
          value: { kvlistValue: { values: [{ key: 'k', value: { boolValue: true } }] } },
        },
      ],
    },
    want: { attributes: { bytes: new Uint8Array([1, 2, 3]), list: [1, 'a'], map: { k: true } } },
  },
  {
    what: 'one key twice, an empty key and `__proto__`',
    span: {
      attributes: ['a', 'a', '', '__proto__'].map((key, i) => ({ key, value: { intValue: i } })),
    },
    want: { attributes: JSON.parse('{"a":1,"":2,"__proto__":3}') },
  },
  {
    what: 'an attribute of 3 MB',
    span: { name: 'huge', attributes: [{ key: 'huge', value: { stringValue: huge } }] },
    want: { attributes: { huge } },
  },
  {
    what: '2,000 attributes and 500 events',
    span: {
      attributes: Array.from({ length: 2000 }, (_, i) => ({ key: `${i}`, value: { intValue: i } })),
      events: Array.from({ length: 500 }, (_, i) => ({ timeUnixNano: `${i}` })),
    },
    want: { events: expect.toSatisfy((events: unknown[]) => events.length === 500) },
  },
  {
    what: 'links without ids, events without names',
    span: { links: [{}], events: [{}] },
    want: {
      links: [{ traceId: '', spanId: '', traceState: '', attributes: {} }],
      events: [{ name: '', timeUnixNano: 0n, attributes: {} }],
    },
  },
  {
    what: 'a tracestate that is none',
    span: { traceState: 'not a=,,=list;;' },
    want: { traceState: 'not a=,,=list;;' },
  },
];

function nulls(): object {
  const fields = ['name', 'kind', 'parentSpanId', 'attributes', 'events', 'links', 'status'];
  return Object.fromEntries([...fields, 'traceState', 'flags'].map((field) => [field, null]));
}

function status(code: 'unset'): Partial<Span> {
  return { status: { code, message: '' } };
}

function request(i: number, span: object): string {
  const withIds = { traceId: traceId(i), spanId, ...span };
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [withIds] }] }] });
}

const folder = mkdtempSync(join(tmpdir(), 'aftershock-odd-'));
const path = join(folder, 'odd.ndjson');
let collector: Collector;

beforeAll(async () => {
  writeFileSync(path, oddSpans.map(({ span }, i) => `${request(i, span)}\n`).join(''));
  collector = await startCollector({ port: 0, queryPort: 0 });
});
afterAll(async () => {
  await collector.stop();
  rmSync(folder, { recursive: true });
});

/** Everything that a test or a report asks of a trace. */
function useAll(trace: Trace): void {
  expect(trace.blame.every(({ durationNano }) => durationNano > 0n)).toBe(true);
  expect(trace.criticalPath).toBeInstanceOf(Array);
  for (const view of trace.views) {
    expect(view.selfTimeNano).toBeGreaterThanOrEqual(0n);
    expect(view.traceState).toBeInstanceOf(Array);
  }
  expect(waterfall(trace).split('\n').length).toBeLessThan(60);
  expect(waterfall(trace).length).toBeLessThan(10_000);
}

describe('a span with', () => {
  test.each(oddSpans.map((row, i) => ({ ...row, i })))('$what', async ({ i, span, want }) => {
    const fromFile = await new FileSource(path).getTrace(traceId(i));
    expect(fromFile).toMatchObject([want]);
    useAll(new Trace(fromFile ?? []));

    const headers = { 'content-type': 'application/json' };
    const body = request(i, span);
    const url = `${collector.otlpUrl}/v1/traces`;
    const response = await fetch(url, { method: 'POST', headers, body });
    expect({ status: response.status, text: await response.text() }).toEqual({
      status: 200,
      text: '{}',
    });
    const source = new JaegerSource(collector.queryUrl);
    expect(await source.getTrace(traceId(i))).toEqual(fromFile);
  });
});

describe("Protobuf's general JSON, as libraries of other languages write it", () => {
  const id = Buffer.from(traceId(99), 'hex').toString('base64');
  const parent = Buffer.from(spanId, 'hex').toString('base64');
  const snake = {
    resource_spans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { string_value: 'py' } }] },
        scope_spans: [
          {
            scope: { name: 'snake_case stays in values', version: '1' },
            spans: [
              {
                ...{ trace_id: id, span_id: 'AQIDBAUGBwg=', parent_span_id: parent },
                ...{ kind: 'SPAN_KIND_CLIENT', start_time_unix_nano: '10', end_time_unix_nano: 20 },
                trace_state: 'a_b=c_d',
                attributes: [{ key: 'snake_key', value: { int_value: '3' } }],
                status: { code: 'STATUS_CODE_OK' },
                links: [{ trace_id: id, span_id: parent }],
              },
            ],
          },
        ],
      },
    ],
  };
  const camel = JSON.parse(
    JSON.stringify(snake).replace(
      /"([a-z]+(?:_[a-z]+)+)":/g,
      (_, name: string) =>
        `"${name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase())}":`,
    ),
  );

  test.each([
    { what: 'in snake_case', request: snake },
    { what: 'in camelCase', request: camel },
  ])('a file with it $what is read', async ({ request }) => {
    const general = join(folder, 'general.ndjson');
    writeFileSync(general, `${JSON.stringify(request)}\n`);
    expect(await new FileSource(general).getTrace(traceId(99))).toEqual([
      {
        ...{ traceId: traceId(99), spanId: '0102030405060708', name: '', kind: 'client' },
        parentSpanId: spanId.toLowerCase(),
        ...{ startUnixNano: 10n, endUnixNano: 20n, traceState: 'a_b=c_d', flags: 0, events: [] },
        attributes: { snake_key: 3 },
        status: { code: 'ok', message: '' },
        links: [
          {
            ...{ traceId: traceId(99), spanId: spanId.toLowerCase() },
            ...{ traceState: '', attributes: {} },
          },
        ],
        resource: { attributes: { 'service.name': 'py' } },
        scope: { name: 'snake_case stays in values', version: '1' },
      },
    ]);
  });

  test('ids of wrong lengths are not taken for others', async () => {
    const short = join(folder, 'short.ndjson');
    const wrong = { traceId: 'AQID', spanId: 'AQIDBAUGBwg=' };
    const text = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [wrong] }] }] });
    writeFileSync(short, `${text}\n`);
    const reading = new FileSource(short).getTrace(traceId(99));
    await expect(reading).rejects.toThrow(/line 1: traceId must be 32 hex digits.+"AQID"/);
  });
});
