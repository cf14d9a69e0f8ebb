import { randomBytes } from 'node:crypto';
import type { OtlpKeyValue, OtlpSpan, OtlpTraceRequest } from '../../traces/otlp/request.ts';

export function newTraceId(): string {
  return randomBytes(16).toString('hex');
}

export function newSpanId(): string {
  return randomBytes(8).toString('hex');
}

/** A span of 25 ms with a few attributes. */
export function otlpSpan(span: OtlpSpan = {}): OtlpSpan {
  return {
    traceId: newTraceId(),
    spanId: newSpanId(),
    name: 'GET /users/:id',
    kind: 2,
    startTimeUnixNano: '1760000000000000000',
    endTimeUnixNano: '1760000000025000000',
    attributes: attributes({ 'http.route': '/users/:id', 'http.response.status_code': 200 }),
    ...span,
  };
}

export function attributes(values: Record<string, string | number | boolean>): OtlpKeyValue[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'boolean'
          ? { boolValue: value }
          : Number.isInteger(value)
            ? { intValue: value }
            : { doubleValue: value },
  }));
}

/** One request of one service. */
export function otlpRequest(spans: OtlpSpan[], service = 'user'): OtlpTraceRequest {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes({ 'service.name': service }) },
        scopeSpans: [{ scope: { name: 'test', version: '1.0.0' }, spans }],
      },
    ],
  };
}

export function post(
  url: string,
  body: string | Uint8Array | ReadableStream,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
    duplex: 'half',
  });
}
