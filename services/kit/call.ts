import http, { type ClientRequest, type RequestOptions } from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Attributes,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '@opentelemetry/semantic-conventions';
import axios, { type AxiosResponse } from 'axios';
import type { Backoff, Call } from '../../mesh/mesh.ts';
import type { Random } from '../../mesh/random.ts';
import { answerWasSent } from '../../pauses/attribution/answerSent.ts';
import { unixMs } from '../../pauses/clock.ts';
import { AttemptTimer } from './attemptTimer.ts';
import { Attribute } from './attributes.ts';
import { deadlineHeader } from './deadline.ts';
import { keepHeader, type LocalSampler } from './localSampler.ts';
import type { ServiceMetrics } from './metrics.ts';
import { PassedOn, Problem } from './problem.ts';
import { ReplyArrival, readSent, sentHeader } from './replyArrival.ts';
import { type SpanStarter, share, startSharing } from './requestTracer.ts';
import { SharedAttributes } from './sharedAttributes.ts';

/** What a call needs to know of the request that it is made for. */
export interface CallContext {
  readonly id: number;
  readonly authorization: string | undefined;
  /** The caller's deadline. */
  readonly deadlineUnixMs: number | null;
}

/** A successful answer. */
export interface CallResult {
  readonly to: string;
  /** JSON, as it came. */
  readonly body: string;
}

export interface CallTarget {
  /** Position among the script's calls, from 0. */
  readonly index: number;
  readonly baseUrl: string;
  /** Such as `/users/:id`. */
  readonly route: string;
}

export interface Caller {
  /** A function that makes the call `call`, with its retries. */
  prepare(call: Call, target: CallTarget): (request: CallContext) => Promise<CallResult>;
  /** Closes the idle connections. */
  stop(): void;
}

/** Statuses worth another attempt: the callee, or one behind it, could not do its work just now. */
const retryable = new Set([502, 503, 504]);

/** What one attempt is held to, and what it tells. */
interface AttemptBounds {
  /** When it began, by `performance.now()`. */
  readonly startMs: number;
  readonly timeoutMs: number;
  readonly recheck: boolean;
  readonly span: Span | null;
  readonly arrivals: ReplyArrival;
}

/** Why an attempt failed before a whole answer was there. */
type Failure = { readonly type: string; readonly message: string };

/** @param random for the jitter of the backoff. */
export function createCaller(
  tracer: SpanStarter | null,
  random: Random,
  metrics: Pick<ServiceMetrics, 'caller'> | null,
  sampler: Pick<LocalSampler, 'keep'> | null = null,
): Caller {
  const httpAgent = new http.Agent({ keepAlive: true, scheduling: 'lifo' });
  const client = axios.create({
    adapter: 'http',
    httpAgent,
    proxy: false,
    maxRedirects: 0,
    decompress: false,
    responseType: 'text',
    transformResponse: (body: string) => body,
    validateStatus: null,
    maxContentLength: 1 << 20,
    ...(tracer === null ? {} : { transport: new ContextTransport() }),
    headers: { common: { accept: 'application/json' } },
  });

  async function attempt(url: string, headers: Record<string, string>, by: AttemptBounds) {
    const { startMs, timeoutMs, recheck, span, arrivals } = by;
    // Our own timer: axios's `timeout` stops counting while bytes trickle in.
    const timer = new AttemptTimer(startMs, timeoutMs);
    try {
      const answer = await client.get<string>(url, { headers, signal: timer.signal });
      const sentUnixMs = readSent(answer.headers[sentHeader]);
      if (!timer.fired) {
        if (sentUnixMs !== null && arrivals.observe(sentUnixMs, unixMs()) && span !== null) {
          answerWasSent(span, 1000 * sentUnixMs);
        }
        return answer;
      }
      if (span !== null) timer.judge(span, { sentUnixMs, taken: recheck }, arrivals);
      return recheck ? answer : timedOut(timeoutMs);
    } catch (error) {
      if (timer.signal.aborted) {
        if (span !== null) timer.judge(span, null, arrivals);
        return timedOut(timeoutMs);
      }
      const { code, message } = error as { code?: string; message: string };
      return { type: code ?? 'Error', message };
    } finally {
      timer.stop();
    }
  }

  function prepare(call: Call, { index, baseUrl, route }: CallTarget) {
    const { protocol, hostname, port } = new URL(baseUrl);
    const [before, after] = route.split(':id') as [string, string];
    const urlBefore = baseUrl + before;
    const spanName = `GET ${route}`;
    const serverPort = Number(port || (protocol === 'https:' ? 443 : 80));
    const record = metrics?.caller(hostname, serverPort);
    const arrivals = new ReplyArrival();

    const shared = new SharedAttributes({
      [ATTR_HTTP_REQUEST_METHOD]: 'GET',
      'url.template': route, // still experimental in the conventions
      [ATTR_SERVER_ADDRESS]: hostname,
      [ATTR_SERVER_PORT]: serverPort,
      [Attribute.callIndex]: index,
      [Attribute.callTo]: call.to,
    });

    function startSpan(url: string, resends: number): Span | null {
      if (tracer === null) return null;
      const attributes: Attributes = { 'url.full': url };
      if (resends > 0) attributes[ATTR_HTTP_REQUEST_RESEND_COUNT] = resends;
      const options = { kind: SpanKind.CLIENT, startTime: unixMs(), attributes };
      return startSharing(tracer, spanName, shared, options);
    }

    return async (request: CallContext): Promise<CallResult> => {
      const ownDeadline = call.deadline === null ? null : Date.now() + call.deadline;
      const deadlineUnixMs = earlier(ownDeadline, request.deadlineUnixMs);
      const url = urlBefore + request.id + after;
      let last: AxiosResponse<string> | Failure | null = null;
      for (let resends = 0; resends <= call.retries; resends++) {
        if (resends > 0) {
          const waitMs = backoffMs(call.backoff, resends, random);
          if (deadlineUnixMs !== null && Date.now() + waitMs >= deadlineUnixMs) break;
          await sleep(waitMs);
        }
        const leftMs = deadlineUnixMs === null ? Infinity : deadlineUnixMs - Date.now();
        if (leftMs <= 0) break;
        const headers: Record<string, string> = {};
        if (request.authorization !== undefined) headers.authorization = request.authorization;
        if (deadlineUnixMs !== null) headers[deadlineHeader] = String(deadlineUnixMs);
        const startMs = performance.now();
        const span = startSpan(url, resends);
        const timeoutMs = Math.min(call.timeout, leftMs);
        const by = { startMs, timeoutMs, recheck: call.recheck, span, arrivals };
        if (span === null) last = await attempt(url, headers, by);
        else {
          const inSpan = trace.setSpan(context.active(), span);
          last = await context.with(inSpan, attempt, undefined, url, headers, by);
          endSpan(span, last);
          if (sampler !== null && mattersToTrace(last)) sampler.keep(span.spanContext().traceId);
        }
        record?.(
          isAnswer(last) ? last.status : null,
          clientErrorType(last),
          performance.now() - startMs,
        );
        if (isAnswer(last) && !retryable.has(last.status)) break;
      }
      return { to: call.to, body: bodyOf(last, call) };
    };
  }

  return { prepare, stop: () => httpAgent.destroy() };
}

/**
 * `http.request` with the active context in its headers. It goes in here, below axios, as an
 * instrumentation of http does it: on their way through axios the headers cost as much as a span.
 * A class, because axios copies a plain object for each request.
 */
class ContextTransport {
  request(options: RequestOptions, onResponse: () => void): ClientRequest {
    propagation.inject(context.active(), options.headers);
    const { request } = options.protocol === 'https:' ? https : http;
    const outgoing = request(options, onResponse);
    if (!outgoing.reusedSocket) timeConnecting(outgoing);
    return outgoing;
  }
}

/** The tracestate says that it is sent now, but it is once there is a connection. */
function timeConnecting(outgoing: ClientRequest): void {
  const span = trace.getActiveSpan();
  const startMs = performance.now();
  outgoing.once('finish', () => {
    span?.setAttribute(Attribute.clientConnectMs, performance.now() - startMs);
  });
}

/** Waiting before attempt `resends + 1`, in milliseconds; see {@link Backoff}. */
export function backoffMs(backoff: Backoff, resends: number, random: Random): number {
  const middle = backoff.base * backoff.factor ** (resends - 1);
  return middle * (1 + backoff.jitter * (2 * random() - 1));
}

function timedOut(timeoutMs: number): Failure {
  return { type: 'timeout', message: `No whole answer within ${Math.round(timeoutMs)} ms` };
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

function isAnswer(result: AxiosResponse<string> | Failure): result is AxiosResponse<string> {
  return 'status' in result;
}

/** `error.type` of an attempt that failed; undefined for one that did not. */
function clientErrorType(result: AxiosResponse<string> | Failure): string | undefined {
  if (!isAnswer(result)) return result.type;
  return result.status >= 400 ? String(result.status) : undefined;
}

/** It failed, or the callee has seen something that is worth a trace. */
function mattersToTrace(result: AxiosResponse<string> | Failure): boolean {
  return (
    clientErrorType(result) !== undefined || (isAnswer(result) && keepHeader in result.headers)
  );
}

/** By status; there are a few hundred at most. */
const answers = new Map<number, SharedAttributes>();

function answerAttributes(status: number): SharedAttributes {
  let attributes = answers.get(status);
  if (attributes === undefined) {
    attributes = new SharedAttributes({
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
      [ATTR_NETWORK_PROTOCOL_VERSION]: '1.1',
    });
    answers.set(status, attributes);
  }
  return attributes;
}

function endSpan(span: Span, result: AxiosResponse<string> | Failure): void {
  if (isAnswer(result)) {
    share(span, answerAttributes(result.status));
  }
  const errorType = clientErrorType(result);
  if (errorType !== undefined) {
    span.setAttribute(ATTR_ERROR_TYPE, errorType);
    span.setStatus(
      isAnswer(result)
        ? { code: SpanStatusCode.ERROR }
        : { code: SpanStatusCode.ERROR, message: result.message },
    );
  }
  span.end(unixMs());
}

/**
 * The body of a good answer. What is no good answer becomes the status for our own caller: a 4xx
 * goes on as it is; 503 and 504 keep their meaning; any other 5xx, or no answer, is a bad gateway.
 */
function bodyOf(result: AxiosResponse<string> | Failure | null, { to }: Call): string {
  if (result === null) {
    throw new Problem(504, 'deadline-exceeded', `The deadline passed before "${to}" was called`);
  }
  if (!isAnswer(result)) {
    const timedOut = result.type === 'timeout';
    throw new Problem(
      timedOut ? 504 : 502,
      timedOut ? 'downstream-timeout' : 'downstream-unreachable',
      `Calling "${to}" failed: ${result.message}`,
    );
  }
  const { status, data, headers } = result;
  if (status >= 200 && status < 300) return data;
  if (status >= 400 && status < 500) {
    const kept: Record<string, string> = {};
    for (const name of ['content-type', 'www-authenticate', 'retry-after']) {
      if (typeof headers[name] === 'string') kept[name] = headers[name];
    }
    throw new PassedOn(status, data, kept);
  }
  const retryAfter = headers['retry-after'];
  if (status === 503) {
    throw new Problem(503, 'downstream-unavailable', `"${to}" answered 503`, {
      headers: { 'retry-after': typeof retryAfter === 'string' ? retryAfter : '1' },
    });
  }
  if (status === 504) throw new Problem(504, 'downstream-timeout', `"${to}" answered 504`);
  throw new Problem(502, 'downstream-failed', `"${to}" answered ${status}`);
}
