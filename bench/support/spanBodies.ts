import { randomBytes } from 'node:crypto';
import { otlpJsonToProtobuf } from '../../traces/otlp/toProtobuf.ts';

export const SPANS_PER_BODY = 100;
export const SPANS_PER_TRACE = 4;
const ATTRIBUTES = 8;

export type Encoding = 'application/json' | 'application/x-protobuf';

/** A request to send again and again, each time with new ids. */
export interface SpanBody {
  readonly encoding: Encoding;
  /** The request with fresh ids; the same buffer each time, so send it before the next. */
  next(): Buffer;
  /** Hex id of a trace in the request that `next` gave last. */
  traceId(): string;
}

const ROUTES = ['/users/:id', '/orders/:id', '/login', '/cart', '/search'];
export const SERVICES = ['gateway', 'auth', 'user', 'orders', 'search'];

/**
 * A request of 100 spans with 8 attributes each, of one service. Values vary with `variant`.
 * @param startUnixMs start of its first span; the others follow a millisecond apart.
 */
export function spanBody(encoding: Encoding, variant: number, startUnixMs: number): SpanBody {
  const service = SERVICES[variant % SERVICES.length] as string;
  const marks: string[] = [];
  const mark = (hexDigits: number): string => {
    const text = marks.length.toString(16).padStart(4, '0').padStart(hexDigits, 'f');
    marks.push(text);
    return text;
  };
  const traces = Array.from({ length: SPANS_PER_BODY / SPANS_PER_TRACE }, () => mark(32));
  const spans = Array.from({ length: SPANS_PER_BODY }, (_, i) => {
    const startMs = startUnixMs + i;
    const route = ROUTES[(variant + i) % ROUTES.length] as string;
    return {
      traceId: traces[Math.floor(i / SPANS_PER_TRACE)] as string,
      spanId: mark(16),
      parentSpanId: i % SPANS_PER_TRACE === 0 ? '' : '00f067aa0ba902b7',
      name: `GET ${route}`,
      kind: 2 + (i % 2),
      startTimeUnixNano: `${startMs}000000`,
      endTimeUnixNano: `${startMs + 1 + (i % 50)}123456`,
      attributes: [
        { key: 'http.request.method', value: { stringValue: 'GET' } },
        { key: 'http.route', value: { stringValue: route } },
        { key: 'http.response.status_code', value: { intValue: i % 20 === 0 ? 503 : 200 } },
        { key: 'url.path', value: { stringValue: `/users/${variant * 1000 + i}` } },
        { key: 'url.scheme', value: { stringValue: 'http' } },
        { key: 'server.address', value: { stringValue: '127.0.0.1' } },
        { key: 'server.port', value: { intValue: 8080 + (variant % 10) } },
        { key: 'user_agent.original', value: { stringValue: 'axios/1.21.1' } },
      ],
      status: { code: i % 20 === 0 ? 2 : 0 },
      flags: 257,
    };
  });
  if (spans.some(({ attributes }) => attributes.length !== ATTRIBUTES)) throw new Error('not 8');
  const request = {
    resourceSpans: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: service } },
            { key: 'service.version', value: { stringValue: '1.4.2' } },
            { key: 'service.instance.id', value: { stringValue: `${service}-${variant % 3}` } },
            { key: 'telemetry.sdk.language', value: { stringValue: 'nodejs' } },
          ],
        },
        scopeSpans: [
          { scope: { name: '@opentelemetry/instrumentation-http', version: '0.301.0' }, spans },
        ],
      },
    ],
  };
  const isJson = encoding === 'application/json';
  const body = isJson
    ? Buffer.from(JSON.stringify(request))
    : Buffer.from(otlpJsonToProtobuf(request).bytes);
  const places = marks.map((text) =>
    placesOf(body, isJson ? Buffer.from(text) : Buffer.from(text, 'hex')),
  );
  const ids = places.map(() => '');
  return {
    encoding,
    next() {
      for (const [i, { length, at }] of places.entries()) {
        const hex = randomBytes((marks[i] as string).length / 2).toString('hex');
        ids[i] = hex;
        for (const place of at) body.write(hex, place, length, isJson ? 'latin1' : 'hex');
      }
      return body;
    },
    traceId: () => ids[0] as string,
  };
}

function placesOf(body: Buffer, mark: Buffer): { length: number; at: number[] } {
  const at: number[] = [];
  for (let i = body.indexOf(mark); i >= 0; i = body.indexOf(mark, i + 1)) at.push(i);
  return { length: mark.length, at };
}
