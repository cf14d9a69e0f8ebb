import { deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { otlpJsonToProtobuf } from '../../traces/otlp/toProtobuf.ts';
import { WireReader } from '../../traces/otlp/wire.ts';
import { WireWriter } from '../../traces/otlp/wireWriter.ts';
import { newSpanId, otlpRequest, otlpSpan, post } from './otlp.ts';

/** A receiver to put through the cases, and what may differ from one to the other. */
export interface ReceiverTarget {
  /** Base URL of its OTLP over HTTP. */
  otlpUrl(): string;
  /** Of a body, after inflation. */
  readonly maxBodyBytes: number;
  /** True for one that stores valid spans of a request and refuses the others. */
  readonly refusesSingleSpans: boolean;
  /** Its answer when all is taken; by default nothing, which is `{}` in JSON. */
  readonly taken?: { readonly json: string; readonly protobuf: string };
  /** Where it differs from the cases, by what is sent, and how. */
  readonly differences?: Readonly<Record<string, Difference>>;
}

/** What another receiver answers where ours follows the specification more closely. */
export interface Difference {
  readonly status: number;
  /** The refusal is no google.rpc.Status, or there is none. */
  readonly plain?: true;
}

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';

function goodJson(): string {
  return JSON.stringify(otlpRequest([otlpSpan()]));
}

function goodProtobuf(): Buffer {
  return otlpJsonToProtobuf(otlpRequest([otlpSpan()])).bytes;
}

interface Case {
  readonly what: string;
  readonly status: number;
  readonly body: () => string | Uint8Array;
  readonly headers?: Record<string, string>;
  readonly path?: string;
}

const accepted: Case[] = [
  { what: 'JSON', status: 200, body: goodJson },
  {
    what: 'JSON with a charset',
    status: 200,
    body: goodJson,
    headers: { 'content-type': 'Application/JSON; charset=utf-8' },
  },
  {
    what: 'protobuf',
    status: 200,
    body: goodProtobuf,
    headers: { 'content-type': PROTOBUF_TYPE },
  },
  {
    what: 'gzipped JSON',
    status: 200,
    body: () => gzipSync(goodJson()),
    headers: { 'content-encoding': 'gzip' },
  },
  {
    what: 'gzipped protobuf',
    status: 200,
    body: () => gzipSync(goodProtobuf()),
    headers: { 'content-type': PROTOBUF_TYPE, 'content-encoding': 'gzip' },
  },
  {
    what: 'deflated JSON',
    status: 200,
    body: () => deflateSync(goodJson()),
    headers: { 'content-encoding': 'deflate' },
  },
  { what: 'a JSON request without spans', status: 200, body: () => '{}' },
  {
    what: 'a protobuf request without spans',
    status: 200,
    body: () => Buffer.alloc(0),
    headers: { 'content-type': PROTOBUF_TYPE },
  },
  {
    what: 'unknown JSON fields',
    status: 200,
    body: () =>
      JSON.stringify({
        newer: 1,
        ...otlpRequest([{ ...otlpSpan(), newer: { deep: [1] } } as object]),
      }),
  },
  {
    what: 'unknown protobuf fields',
    status: 200,
    // Field 2046 of the request, a fixed64.
    body: () => Buffer.concat([goodProtobuf(), Buffer.from('f17f0102030405060708', 'hex')]),
    headers: { 'content-type': PROTOBUF_TYPE },
  },
  {
    what: 'a newer span kind',
    status: 200,
    body: () => JSON.stringify(otlpRequest([otlpSpan({ kind: 17 })])),
  },
  {
    what: 'a newer status code, in protobuf',
    status: 200,
    body: () => otlpJsonToProtobuf(otlpRequest([otlpSpan({ status: { code: 9 } })])).bytes,
    headers: { 'content-type': PROTOBUF_TYPE },
  },
  {
    what: 'integers as numbers',
    status: 200,
    body: () =>
      JSON.stringify(
        otlpRequest([otlpSpan({ startTimeUnixNano: 1.76e18, endTimeUnixNano: 1.76e18 })]),
      ),
  },
  { what: 'metrics', status: 200, path: '/v1/metrics', body: () => '{"resourceMetrics":[]}' },
  { what: 'logs', status: 200, path: '/v1/logs', body: () => '{"resourceLogs":[]}' },
];

const refused: Case[] = [
  { what: 'truncated JSON', status: 400, body: () => goodJson().slice(0, -20) },
  { what: 'JSON that is not OTLP', status: 400, body: () => '{"resourceSpans":5}' },
  {
    what: 'JSON with null for a span',
    status: 400,
    body: () => JSON.stringify(otlpRequest([null as never])),
  },
  { what: 'an empty JSON body', status: 400, body: () => '' },
  {
    what: 'text for a time',
    status: 400,
    body: () => JSON.stringify(otlpRequest([otlpSpan({ startTimeUnixNano: 'noon' })])),
  },
  {
    what: 'protobuf garbage',
    status: 400,
    body: () => Buffer.from('this is not protobuf at all'),
    headers: { 'content-type': PROTOBUF_TYPE },
  },
  {
    what: 'truncated protobuf',
    status: 400,
    body: () => goodProtobuf().subarray(0, -5),
    headers: { 'content-type': PROTOBUF_TYPE },
  },
  {
    what: 'an integer of eleven bytes',
    status: 400,
    body: () => Buffer.alloc(20, 0xff),
    headers: { 'content-type': PROTOBUF_TYPE },
  },
  {
    what: 'JSON sent as protobuf',
    status: 400,
    body: goodJson,
    headers: { 'content-type': PROTOBUF_TYPE },
  },
  {
    what: 'a body that is not gzip',
    status: 400,
    body: goodJson,
    headers: { 'content-encoding': 'gzip' },
  },
  {
    what: 'truncated gzip',
    status: 400,
    body: () => gzipSync(goodJson()).subarray(0, -9),
    headers: { 'content-encoding': 'gzip' },
  },
  {
    what: 'metrics of a wrong shape',
    status: 400,
    path: '/v1/metrics',
    body: () => '{"resourceMetrics":1}',
  },
  { what: 'text', status: 415, body: goodJson, headers: { 'content-type': 'text/plain' } },
  {
    what: 'an unknown encoding',
    status: 415,
    body: goodJson,
    headers: { 'content-encoding': 'lzma' },
  },
  { what: 'an unknown path', status: 404, path: '/v2/traces', body: goodJson },
];

/** The cases of OTLP over HTTP, each followed by a good request that must be served. */
export function receiverCases(target: ReceiverTarget): void {
  const traces = () => `${target.otlpUrl()}/v1/traces`;
  const taken = target.taken ?? { json: '{}', protobuf: '' };

  async function expectRefusal(what: string, response: Response, status: number): Promise<void> {
    const difference = target.differences?.[what];
    expect(response.status).toBe(difference?.status ?? status);
    if (difference === undefined) await expectStatusMessage(response);
    else if (difference.plain !== true && !response.ok) await expectStatusMessage(response);
  }

  async function serves(): Promise<void> {
    const response = await post(traces(), goodJson());
    expect(await response.text()).toBe(taken.json);
    expect(response.status).toBe(200);
  }

  test.each(accepted)('200 for $what', async ({ status, body, headers, path }) => {
    const response = await post(`${target.otlpUrl()}${path ?? '/v1/traces'}`, body(), headers);
    expect(response.status).toBe(status);
    const type = headers?.['content-type'] === PROTOBUF_TYPE ? PROTOBUF_TYPE : JSON_TYPE;
    expect(response.headers.get('content-type')).toBe(type);
    expect(await response.text()).toBe(type === JSON_TYPE ? taken.json : taken.protobuf);
  });

  test.each(refused)('$status for $what, then goes on', async (one) => {
    const { what, status, body, headers, path } = one;
    const response = await post(`${target.otlpUrl()}${path ?? '/v1/traces'}`, body(), headers);
    await expectRefusal(what, response, status);
    await serves();
  });

  test.each(['GET', 'PUT', 'DELETE'])('405 for %s, naming POST', async (method) => {
    const response = await fetch(traces(), { method });
    expect(response.status).toBe(405);
    if (target.differences?.['another method']?.plain !== true) {
      expect(response.headers.get('allow')).toBe('POST');
    }
    await serves();
  });

  test('413 for a gzip bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(target.maxBodyBytes + 1, ' '));
    expect(bomb.length).toBeLessThan(target.maxBodyBytes / 100);
    const response = await post(traces(), bomb, { 'content-encoding': 'gzip' });
    await expectRefusal('too much', response, 413);
    await serves();
  });

  test('413 for a body of 100 MB that says its length', async () => {
    const response = await post(traces(), Buffer.alloc(100_000_000, ' '));
    await expectRefusal('too much', response, 413);
    await serves();
  });

  test('413 for a body of 100 MB in chunks', async () => {
    const chunk = Buffer.alloc(1_000_000, ' ');
    let chunks = 100;
    const stream = new ReadableStream({
      pull: (controller) => (chunks-- > 0 ? controller.enqueue(chunk) : controller.close()),
    });
    const response = await post(traces(), stream);
    await expectRefusal('too much', response, 413);
    await serves();
  });

  const faults = {
    'a trace id that is too short': { traceId: 'abc123' },
    'a trace id of zeros': { traceId: '0'.repeat(32) },
    'a trace id that is not hex': { traceId: 'g'.repeat(32) },
    'no trace id': { traceId: undefined as never },
    'a span id that is too long': { spanId: 'a'.repeat(32) },
    'a span id of zeros': { spanId: '0'.repeat(16) },
    'a parent id that is too short': { parentSpanId: 'ab' },
    'a link to a bad trace id': { links: [{ traceId: 'ab', spanId: newSpanId() }] },
  };
  test.runIf(target.refusesSingleSpans).each(Object.entries(faults))(
    'partial success for %s: the good span is stored',
    async (_, fault) => {
      const spans = [otlpSpan(), otlpSpan(fault)];
      const response = await post(traces(), JSON.stringify(otlpRequest(spans)));
      expect(response.status).toBe(200);
      const field = Object.keys(fault)[0] as string;
      expect(await response.json()).toEqual({
        partialSuccess: {
          rejectedSpans: '1',
          errorMessage: expect.stringMatching(new RegExp(`^${field}.* must be \\d+ hex digits`)),
        },
      });
      await serves();
    },
  );

  test.runIf(target.refusesSingleSpans)('partial success in protobuf', async () => {
    const out = new WireWriter();
    out.message(1, () =>
      out.message(2, () =>
        out.message(2, () => {
          out.bytes(1, Buffer.alloc(15, 1));
          out.bytes(2, Buffer.alloc(8, 1));
        }),
      ),
    );
    const response = await post(traces(), out.finish(), { 'content-type': PROTOBUF_TYPE });
    expect(response.status).toBe(200);
    const body = Buffer.from(await response.arrayBuffer());
    const reader = new WireReader(body);
    expect(reader.next(body.length) && reader.field).toBe(1);
    reader.pos = reader.start;
    expect(reader.next(body.length) && [reader.field, reader.low]).toEqual([1, 1]);
    expect(reader.next(body.length) && reader.text()).toMatch(/^traceId must be 32 hex digits/);
    await serves();
  });
}

/** The body must be a google.rpc.Status with a message. */
async function expectStatusMessage(response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  if (response.headers.get('content-type') === JSON_TYPE) {
    expect(JSON.parse(body.toString())).toMatchObject({ message: expect.stringMatching(/\w+/) });
    return;
  }
  expect(response.headers.get('content-type')).toBe(PROTOBUF_TYPE);
  const reader = new WireReader(body);
  let message = '';
  while (reader.next(body.length)) if (reader.field === 2) message = reader.text();
  expect(message).toMatch(/\w+/);
}
