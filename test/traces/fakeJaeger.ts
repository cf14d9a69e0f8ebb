import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { rfc3339Nano } from '../../traces/source/rfc3339.ts';
import type { Span } from '../../traces/span.ts';
import { type Fault, give } from './httpFault.ts';

export interface FakeJaegerOptions {
  /** How it spells parameters: 2.13 knows snake case only, later ones will know camel case only. */
  readonly spelling: 'snake' | 'camel';
  /** Traces that it may hold: it refuses to search for more. */
  readonly maxTraces: number;
  /** The fault of the n-th answer, from 0, to a request for this URL; null: none. */
  readonly fault: (request: { readonly n: number; readonly url: URL }) => Fault | null;
  /** Answers with more traces than this are only half there. */
  readonly cutAboveTraces: number;
}

export interface FakeJaeger {
  readonly url: string;
  /** Paths with parameters, in the order of the requests. */
  readonly requests: readonly URL[];
  add(spans: readonly Span[]): void;
  stop(): Promise<void>;
}

/**
 * A query API with Jaeger's memory storage behind it, and what is peculiar to it: the newest traces
 * first, as many as were asked for and no word on the rest; copies of spans that were stored twice;
 * other ends of spans that do not end after their start; 404 where nothing fits.
 */
export async function startFakeJaeger(options: Partial<FakeJaegerOptions>): Promise<FakeJaeger> {
  const { spelling = 'snake', maxTraces = 100_000, fault, cutAboveTraces } = options;
  const traces = new Map<string, Span[]>();
  const requests: URL[] = [];

  const answer = (url: URL): { status: number; body: unknown; traces?: number } => {
    const get = (camel: string) =>
      url.searchParams.get(
        spelling === 'camel'
          ? camel
          : camel === 'query.searchDepth'
            ? 'query.num_traces'
            : camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      );
    if (url.pathname === '/api/v3/services') {
      const names = [...traces.values()].flat().map(serviceOf);
      return { status: 200, body: names.length > 0 ? { services: [...new Set(names)] } : {} };
    }
    const id = /^\/api\/v3\/traces\/(.+)$/.exec(url.pathname)?.[1]?.toLowerCase();
    if (id !== undefined) return found(traces.has(id) ? [traces.get(id) ?? []] : []);
    const depth = Number(get('query.searchDepth') ?? 0);
    if (depth <= 0 || depth > maxTraces) {
      return refusal(500, 'search depth must be greater than 0 and less than max traces');
    }
    const [min, max] = [get('query.startTimeMin'), get('query.startTimeMax')];
    if (min === null || max === null) return refusal(400, 'times are required');
    const service = get('query.serviceName');
    const operation = get('query.operationName');
    const fits = (span: Span) =>
      serviceOf(span) === service &&
      (operation === null || span.name === operation) &&
      span.startUnixNano >= nanoOf(min) &&
      span.startUnixNano <= nanoOf(max);
    const fitting = [...traces.values()].toReversed().filter((spans) => spans.some(fits));
    return found(fitting.slice(0, depth));
  };

  const server = createServer((request, response) => {
    const url = new URL(`http://jaeger${request.url}`);
    const n = requests.push(url) - 1;
    const wrong = fault?.({ n, url }) ?? null;
    const { status, body, traces: count = 0 } = answer(url);
    const cut = cutAboveTraces !== undefined && count > cutAboveTraces;
    give(
      response,
      { status, type: 'application/json', body: Buffer.from(JSON.stringify(body)) },
      cut ? { kind: 'half' } : wrong,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    add(spans) {
      for (const span of spans) {
        traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span]);
      }
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function found(traces: readonly (readonly Span[])[]) {
  if (traces.length === 0) return refusal(404, 'No traces found');
  return {
    status: 200,
    body: { result: encodeOtlpJson(traces.flat().map(sanitized)) },
    traces: traces.length,
  };
}

/** A span that does not end after its start gets another end, and a word on it. */
function sanitized(span: Span): Span {
  const { startUnixNano, endUnixNano, attributes } = span;
  if (endUnixNano > startUnixNano) return span;
  const time = (unixNano: bigint) =>
    `${rfc3339Nano(unixNano)
      .replace('T', ' ')
      .replace(/\.?0*Z$/, '')} +0000 UTC`;
  const warning =
    'Negative duration detected, sanitizing end timestamp. Original end timestamp: ' +
    `${time(endUnixNano)}, adjusted to: ${time(startUnixNano + 1n)}`;
  return {
    ...span,
    endUnixNano: startUnixNano + 1n,
    attributes: { ...attributes, '@jaeger@warnings': [warning] },
  };
}

function refusal(httpCode: number, message: string) {
  return { status: httpCode, body: { error: { httpCode, message } } };
}

function serviceOf({ resource }: Span): string {
  return String(resource.attributes['service.name']);
}

function nanoOf(rfc3339: string): bigint {
  const [, second = '', nano = ''] = /^(.+)\.(\d{9})Z$/.exec(rfc3339) ?? [];
  return BigInt(Date.parse(`${second}Z`)) * 1_000_000n + BigInt(nano);
}
