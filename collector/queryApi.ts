import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { HttpError } from './httpError.ts';
import { legacyTrace } from './legacyTrace.ts';
import { listOperations, listServices } from './operations.ts';
import { parseTraceQuery } from './queryParameters.ts';
import { readTrace } from './readTrace.ts';
import { searchTraces } from './search.ts';
import type { SpanStore } from './store.ts';

/**
 * The part of Jaeger's query API that reads traces, and `GET /stats`. Traces come as they were
 * received: there are no adjustments for `raw_traces` to turn off.
 * Source: Jaeger's `api_v3/query_service.proto` and HTTP gateway; the legacy JSON of `/api/traces`.
 */
export function createQueryApi(store: SpanStore, stats: () => object): RequestListener {
  function answer(url: URL): unknown {
    const parameters = url.searchParams;
    const { pathname } = url;
    if (pathname === '/stats') return stats();
    if (pathname === '/api/v3/services') return { services: listServices(store) };
    if (pathname === '/api/v3/operations') {
      const kind = parameters.get('spanKind') ?? parameters.get('span_kind');
      return {
        operations: listOperations(store, parameters.get('service') ?? '', kind || null),
      };
    }
    if (pathname === '/api/v3/traces') {
      const keys = searchTraces(store, parseTraceQuery(parameters));
      return otlpResult(keys.flatMap((key) => readTrace(store, key)));
    }
    const [, api, id] = /^(\/api\/v3\/traces\/|\/api\/traces\/)([^/]+)$/.exec(pathname) ?? [];
    if (api === undefined || id === undefined)
      throw new HttpError(404, `no such path: ${pathname}`);
    const resourceSpans = readTrace(store, parseTraceId(id));
    if (api === '/api/v3/traces/') return otlpResult(resourceSpans);
    if (resourceSpans.length === 0) throw new HttpError(404, 'trace not found');
    return {
      data: [legacyTrace(resourceSpans)],
      total: 0,
      limit: 0,
      offset: 0,
      errors: null,
    };
  }

  return (request, response) => {
    request.resume();
    const url = new URL(`http://collector${request.url ?? '/'}`);
    try {
      if (request.method !== 'GET') throw new HttpError(405, 'only GET', { allow: 'GET' });
      send(response, 200, answer(url));
    } catch (error) {
      sendError(request, response, error, url.pathname.startsWith('/api/traces/'));
    }
  };
}

function otlpResult(resourceSpans: ReturnType<typeof readTrace>): unknown {
  if (resourceSpans.length === 0) throw new HttpError(404, 'No traces found');
  return { result: { resourceSpans } };
}

/** Store key of a trace id in hex, of which leading zeros may be missing. @throws {HttpError} */
function parseTraceId(text: string): string {
  if (!/^[0-9a-fA-F]{1,32}$/.test(text)) {
    throw new HttpError(
      400,
      `malformed parameter trace_id: must be 1 to 32 hex digits; it is "${text}"`,
    );
  }
  return Buffer.from(text.padStart(32, '0'), 'hex').toString('latin1');
}

function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  isLegacy: boolean,
): void {
  if (!(error instanceof HttpError)) console.error(error);
  const { status, message, headers } =
    error instanceof HttpError
      ? error
      : new HttpError(500, `${request.url} failed: ${(error as Error).message}`);
  const body = isLegacy
    ? { data: null, total: 0, limit: 0, offset: 0, errors: [{ code: status, msg: message }] }
    : { error: { httpCode: status, message } };
  send(response, status, body, headers);
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    // By which `JaegerSource` knows that there are no pages of traces here.
    server: 'aftershock',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
