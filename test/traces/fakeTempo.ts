import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { otlpJsonToProtobuf } from '../../traces/otlp/toProtobuf.ts';
import { WireWriter } from '../../traces/otlp/wireWriter.ts';
import type { Span } from '../../traces/span.ts';
import { type Fault, type GoodAnswer, give } from './httpFault.ts';

export interface FakeTempoOptions {
  /** A proxy before it gives JSON, whatever was asked for. */
  readonly alwaysJson: boolean;
  /** What is not there is an empty 404, as in some releases. */
  readonly says404: boolean;
  /** What each answer with a trace says that it is; null: that it is whole. */
  readonly partial: string | null;
  readonly fault: () => Fault | null;
}

export interface FakeTempo {
  readonly url: string;
  /** Headers of the requests, in their order. */
  readonly requests: readonly NodeJS.Dict<string | string[]>[];
  add(spans: readonly Span[]): void;
  stop(): Promise<void>;
}

/**
 * Tempo's search, of everything, and traces by id, API v2, as 2.9.5 answers: protobuf for just `application/protobuf`, else the
 * general JSON of Protobuf; 200 with an empty trace where there is none; each span once.
 */
export async function startFakeTempo(options: Partial<FakeTempoOptions> = {}): Promise<FakeTempo> {
  const traces = new Map<string, Map<string, Span>>();
  const requests: NodeJS.Dict<string | string[]>[] = [];

  function answer(path: string, accept: string | undefined): GoodAnswer {
    if (path === '/api/echo') return text(200, 'echo');
    if (path.startsWith('/api/search?')) {
      const found = [...traces.keys()].map((traceID) => ({ traceID: traceID.replace(/^0+/, '') }));
      const body = Buffer.from(JSON.stringify({ traces: found }));
      return { status: 200, type: 'application/json', body };
    }
    const id = /^\/api\/v2\/traces\/([0-9a-fA-F]{1,32})$/.exec(path)?.[1];
    if (id === undefined) return text(404, '404 page not found\n');
    const spans = [...(traces.get(id.padStart(32, '0').toLowerCase())?.values() ?? [])];
    if (spans.length === 0 && options.says404) return text(404, '');
    const { partial = null } = options;
    const isProtobuf = accept === 'application/protobuf' && !options.alwaysJson;
    return isProtobuf
      ? { status: 200, type: 'application/protobuf', body: protobuf(spans, partial) }
      : { status: 200, type: 'application/json', body: json(spans, partial) };
  }

  const server = createServer((request, response) => {
    requests.push(request.headers);
    const good = answer(request.url ?? '', request.headers.accept);
    give(response, good, options.fault?.() ?? null);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    add(spans) {
      for (const span of spans) {
        const trace = traces.get(span.traceId) ?? new Map<string, Span>();
        traces.set(span.traceId, trace.set(span.spanId, span));
      }
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function text(status: number, body: string): GoodAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(body) };
}

function protobuf(spans: readonly Span[], partial: string | null): Buffer {
  const out = new WireWriter();
  out.bytes(1, otlpJsonToProtobuf(encodeOtlpJson(spans)).bytes);
  out.bytes(2, Buffer.alloc(0));
  if (partial !== null) {
    out.uint(3, 1);
    out.text(4, partial);
  }
  return out.finish();
}

const enums: Readonly<Record<string, readonly string[]>> = {
  kind: ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
    (name) => `SPAN_KIND_${name}`,
  ),
  code: ['UNSET', 'OK', 'ERROR'].map((name) => `STATUS_CODE_${name}`),
};

/** Ids in base64, enum values by name, and nothing that has its default value. */
function json(spans: readonly Span[], partial: string | null): Buffer {
  const trace = spans.length === 0 ? {} : encodeOtlpJson(spans);
  const status = partial === null ? {} : { status: 'PARTIAL', message: partial };
  return Buffer.from(
    JSON.stringify({ trace, metrics: { inspectedBytes: '1' }, ...status }, (key, value) => {
      if (/^(traceId|spanId|parentSpanId)$/.test(key)) {
        return value === '' ? undefined : Buffer.from(value, 'hex').toString('base64');
      }
      const names = enums[key];
      if (names !== undefined) return value === 0 ? undefined : names[value];
      return value;
    }),
  );
}
