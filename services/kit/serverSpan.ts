import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import {
  type Attributes,
  type Context,
  type Span,
  SpanKind,
  SpanStatusCode,
} from '@opentelemetry/api';
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
  HTTP_REQUEST_METHOD_VALUE_OTHER,
} from '@opentelemetry/semantic-conventions';
import { type SpanStarter, share, startSharing } from './requestTracer.ts';
import type { TracedResponse } from './server.ts';
import { SharedAttributes } from './sharedAttributes.ts';
import { unixMs } from './spanTime.ts';

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

/** What requests of one connection have in common, as a rule, and the attributes that say it. */
interface ConnectionAttributes {
  readonly method: string;
  readonly host: string;
  readonly userAgent: string | undefined;
  readonly httpVersion: string;
  readonly shared: SharedAttributes;
}

const connectionAttributes = Symbol('connectionAttributes');
type KnownSocket = Socket & { [connectionAttributes]?: ConnectionAttributes };

/** Starts the span of a request that has just arrived, as the HTTP semantic conventions say. */
export function startServerSpan(tracer: SpanStarter, parent: Context, req: IncomingMessage): Span {
  const startTime = unixMs();
  const { url = '/' } = req;
  const socket: KnownSocket = req.socket;
  let known = socket[connectionAttributes];
  if (known === undefined || !hasCommon(known, req)) {
    known = readConnection(req);
    socket[connectionAttributes] = known;
  }
  const query = url.indexOf('?');
  const attributes: Attributes = { 'url.path': query === -1 ? url : url.slice(0, query) };
  const options = { kind: SpanKind.SERVER, startTime, attributes };
  return startSharing(tracer, known.method, known.shared, options, parent);
}

function hasCommon(known: ConnectionAttributes, req: IncomingMessage): boolean {
  return (
    known.method === req.method &&
    known.host === (req.headers.host ?? '') &&
    known.userAgent === req.headers['user-agent'] &&
    known.httpVersion === req.httpVersion
  );
}

function readConnection(req: IncomingMessage): ConnectionAttributes {
  const { headers, socket, httpVersion } = req;
  const method = methodName(req);
  const host = headers.host ?? '';
  const colon = host.lastIndexOf(':');
  const portIn = colon > host.lastIndexOf(']');
  const userAgent = headers['user-agent'];
  const shared = new SharedAttributes({
    [ATTR_HTTP_REQUEST_METHOD]: method,
    [ATTR_URL_SCHEME]: 'http',
    [ATTR_SERVER_ADDRESS]: portIn ? host.slice(0, colon) : host,
    [ATTR_SERVER_PORT]: portIn ? Number(host.slice(colon + 1)) : 80,
    [ATTR_CLIENT_ADDRESS]: socket.remoteAddress ?? '',
    [ATTR_NETWORK_PEER_ADDRESS]: socket.remoteAddress ?? '',
    [ATTR_NETWORK_PEER_PORT]: socket.remotePort ?? 0,
    [ATTR_NETWORK_PROTOCOL_VERSION]: httpVersion,
    ...(userAgent !== undefined && { [ATTR_USER_AGENT_ORIGINAL]: userAgent }),
  });
  return { method, host, userAgent, httpVersion, shared };
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
  const { name, shared } = answerOf(res.req.method, res.route, sent ? res.statusCode : null);
  if (name !== null) span.updateName(name);
  share(span, shared);
  const errorType = serverErrorType(res.statusCode, sent);
  if (errorType !== undefined) {
    span.setAttribute(ATTR_ERROR_TYPE, errorType);
    span.setStatus(
      sent
        ? { code: SpanStatusCode.ERROR }
        : { code: SpanStatusCode.ERROR, message: 'The client closed the connection' },
    );
  }
  span.end(unixMs());
}

/** What spans of the same method, route and status have in common. */
interface Answer {
  readonly method: string | undefined;
  readonly route: string | null;
  /** null: it was not sent. */
  readonly status: number | null;
  /** null without a route. */
  readonly name: string | null;
  readonly shared: SharedAttributes;
}

/** Few, for the routes are ours. */
const answers: Answer[] = [];

function answerOf(method: string | undefined, route: string | null, status: number | null): Answer {
  for (const answer of answers) {
    if (answer.status === status && answer.route === route && answer.method === method)
      return answer;
  }
  const shared = new SharedAttributes({
    ...(route !== null && { [ATTR_HTTP_ROUTE]: route }),
    ...(status !== null && { [ATTR_HTTP_RESPONSE_STATUS_CODE]: status }),
  });
  const answer = { method, route, status, name: route && `${method} ${route}`, shared };
  answers.push(answer);
  return answer;
}
