import type { IncomingMessage } from 'node:http';
import {
  type Attributes,
  type Context,
  type Span,
  SpanKind,
  SpanStatusCode,
} from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_USER_AGENT_ORIGINAL,
  HTTP_REQUEST_METHOD_VALUE_OTHER,
} from '@opentelemetry/semantic-conventions';
import type { SpanStarter } from './requestTracer.ts';
import type { TracedResponse } from './server.ts';
import { spanTime } from './spanTime.ts';

const knownMethods = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);

/** The request's method as the HTTP semantic conventions name it. */
export function methodName({ method = '' }: IncomingMessage): string {
  return knownMethods.has(method) ? method : HTTP_REQUEST_METHOD_VALUE_OTHER;
}

/** Starts the span of a request that has just arrived, as the HTTP semantic conventions say. */
export function startServerSpan(tracer: SpanStarter, parent: Context, req: IncomingMessage): Span {
  const startTime = spanTime();
  const { headers, socket, url = '/' } = req;
  const method = methodName(req);
  const query = url.indexOf('?');
  const host = headers.host ?? '';
  const colon = host.lastIndexOf(':');
  const portIn = colon > host.lastIndexOf(']');
  // Literal keys: until its last tier, V8 defines each computed one by a call into its runtime.
  const attributes: Attributes = {
    'http.request.method': method,
    'url.scheme': 'http',
    'url.path': query === -1 ? url : url.slice(0, query),
    'server.address': portIn ? host.slice(0, colon) : host,
    'server.port': portIn ? Number(host.slice(colon + 1)) : 80,
    'client.address': socket.remoteAddress ?? '',
    'network.peer.address': socket.remoteAddress ?? '',
    'network.peer.port': socket.remotePort ?? 0,
    'network.protocol.version': req.httpVersion,
  };
  const userAgent = headers['user-agent'];
  if (userAgent !== undefined) attributes[ATTR_USER_AGENT_ORIGINAL] = userAgent;
  return tracer.startSpan(method, { kind: SpanKind.SERVER, startTime, attributes }, parent);
}

/** `error.type` of a request that failed; undefined for one that did not. */
export function serverErrorType(status: number, sent: boolean): string | undefined {
  if (!sent) return 'client_disconnected';
  return status >= 500 ? String(status) : undefined;
}

/**
 * Ends the span of a request whose answer was handed over; `sent` is false where the client had
 * gone by then.
 */
export function endServerSpan(span: Span, res: TracedResponse, sent: boolean): void {
  if (res.route !== null) {
    span.setAttribute(ATTR_HTTP_ROUTE, res.route);
    span.updateName(`${res.req.method} ${res.route}`);
  }
  if (sent) span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, res.statusCode);
  const errorType = serverErrorType(res.statusCode, sent);
  if (errorType !== undefined) {
    span.setAttribute(ATTR_ERROR_TYPE, errorType);
    span.setStatus(
      sent
        ? { code: SpanStatusCode.ERROR }
        : { code: SpanStatusCode.ERROR, message: 'The client closed the connection' },
    );
  }
  span.end(spanTime());
}
