import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { Program } from '../../mesh/mesh.ts';
import { randomStream } from '../../mesh/random.ts';
import { startAdmin } from './admin.ts';
import { Attribute } from './attributes.ts';
import { type CallContext, type CallResult, createCaller } from './call.ts';
import { readDeadline, refuseExpired } from './deadline.ts';
import type { Settings } from './environment.ts';
import { leanRootContext } from './leanContext.ts';
import { createLimit } from './limit.ts';
import { keepHeader } from './localSampler.ts';
import type { Logger } from './logger.ts';
import { startOwnPauses } from './ownPauses.ts';
import { pauseAdmin } from './pauses.ts';
import { PassedOn, Problem, toProblem } from './problem.ts';
import type { ServiceStats } from './protocol.ts';
import { sentHeader, sentNow } from './replyArrival.ts';
import { requestLog } from './requestLog.ts';
import type { SpanStarter } from './requestTracer.ts';
import { compileScript } from './script.ts';
import { answerProbe, listen, type TracedResponse } from './server.ts';
import { endServerSpan, methodName, serverErrorType, startServerSpan } from './serverSpan.ts';
import { unixMs } from './spanTime.ts';
import { readStats } from './stats.ts';
import type { Telemetry } from './telemetry.ts';
import { VictimCount } from './victims.ts';

/** One request, as a program's own matter sees it. */
export interface ServiceRequest {
  /** A positive integer. */
  readonly id: number;
  readonly headers: IncomingHttpHeaders;
  /** Does the mesh's script; `authorization` goes along with its calls. */
  runScript(authorization?: string): Promise<CallResult[]>;
}

/** What a program builds its own matter on. */
export interface ServiceBuilder {
  readonly settings: Settings;
  readonly tracer: SpanStarter;
  /** `answer` gives the JSON body, or throws a {@link Problem}. `route` has the parameter `:id`. */
  get(route: string, answer: (request: ServiceRequest) => Promise<string>): void;
  /** Called when no request is left. */
  onStop(close: () => void): void;
}

export interface StartOptions {
  readonly settings: Settings;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

export interface RunningService {
  readonly url: string;
  readonly adminUrl: string;
  stats(): ServiceStats;
  /**
   * Drains: `/ready` answers 503, no new connections, requests in flight finish (at most
   * `timeoutMs`, then they are cut off), spans are flushed. Idempotent.
   */
  stop(timeoutMs?: number): Promise<void>;
}

/** Path under which a program of this kind takes requests. */
export function routeOf(program: Program): string {
  return program === 'relay' ? '/relay/:id' : '/users/:id';
}

const maxBodyBytes = 16_384;

/** Starts a service: `build` sets up the program's own matter, before the port is open. */
export async function startService(
  { settings, telemetry, logger }: StartOptions,
  build: (service: ServiceBuilder) => void | Promise<void>,
): Promise<RunningService> {
  const { serviceName, service, mesh, seed } = settings;
  const { tracer, sampler = null } = telemetry;
  const metrics = await telemetry.metrics;
  const caller = createCaller(
    telemetry.httpSpans ? tracer : null,
    randomStream(seed, `${serviceName}/backoff`),
    metrics,
    sampler,
  );
  // Where spans say whom a pause hit, it is counted by them.
  const victims = new VictimCount((kind, count) => {
    if (telemetry.detector === null) metrics?.victims(kind, count);
  });
  const logAnswered = requestLog(logger, settings.slowRequestMs);
  const limit = createLimit(service.concurrency, service.queue);
  const pauses = pauseAdmin({
    folder: settings.folder,
    onError: (error) => logger.error({ err: error }, 'A scheduled pause could not be made'),
    onStopped({ kind, startUnixNano, endUnixNano }) {
      sampler?.keepOpen();
      victims.stopped({
        kind,
        startUnixMicros: Number(startUnixNano / 1000n),
        endUnixMicros: Number(endUnixNano / 1000n),
      });
    },
    onMade({ kind, phase, requestedMs, measuredMs, startUnixNano }, span) {
      metrics?.paused(kind, measuredMs, startUnixNano);
      context.with(trace.setSpanContext(ROOT_CONTEXT, span), () =>
        logger.info({ pause: { kind, phase, requestedMs, measuredMs } }, 'Paused'),
      );
    },
  });
  const runScript = compileScript(service.script, serviceName, seed, (call, index) =>
    caller.prepare(call, {
      index,
      baseUrl: peerUrl(settings, call.to),
      route: routeOf(mesh.services[call.to]?.program ?? 'relay'),
    }),
  );
  const closers: (() => void)[] = [];
  let requests = 0;
  let ready = false;
  let stopping: Promise<void> | null = null;

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.use(express.raw({ type: () => true, limit: maxBodyBytes }));
  await build({
    settings,
    tracer,
    onStop: (close) => closers.push(close),
    get(route, answer) {
      app.get(route, async (req, response) => {
        const res = response as Response & TracedResponse;
        res.route = route;
        const id = readId(req.params.id);
        const deadlineUnixMs = readDeadline(req.headers);
        refuseExpired(deadlineUnixMs, Date.now());
        const body = await limit(
          async () => {
            refuseExpired(deadlineUnixMs, Date.now());
            const held = pauses.gate();
            if (held !== undefined) await held;
            return answer({
              id,
              headers: req.headers,
              runScript: (authorization) =>
                runScript({ id, deadlineUnixMs, authorization } satisfies CallContext),
            });
          },
          (waitedMs) => {
            res.span?.setAttribute(Attribute.queueWaitMs, waitedMs);
            metrics?.queued(waitedMs);
          },
        );
        send(res, 200, 'application/json; charset=utf-8', body);
      });
      app.all(route, ({ method }, response) => {
        (response as Response & TracedResponse).route = route;
        throw new Problem(
          405,
          'method-not-allowed',
          `This path takes GET and HEAD, got ${method}`,
          {
            headers: { allow: 'GET, HEAD' },
          },
        );
      });
    },
  });
  app.use((_req, _res) => {
    throw new Problem(404, 'no-such-path', 'This service has no such path');
  });
  app.use((error: unknown, _req: Request, response: Response, _next: NextFunction) => {
    const res = response as Response & TracedResponse;
    if (error instanceof PassedOn) {
      for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
      return send(res, error.status, undefined, error.body);
    }
    const problem = toProblem(error);
    if (problem.status === 500) {
      logger.error({ err: error }, 'A request failed');
      res.span?.recordException(error as Error);
    }
    for (const [name, value] of Object.entries(problem.headers)) res.setHeader(name, value);
    const body = problem.body(serviceName, res.span?.spanContext().traceId);
    send(res, problem.status, 'application/problem+json', body);
  });

  function send(res: TracedResponse, status: number, type: string | undefined, body: string): void {
    requests++;
    if (type !== undefined) res.setHeader('content-type', type);
    res.setHeader('content-length', Buffer.byteLength(body));
    // A body that was too long has not been read: what follows on this connection is not a request.
    if (stopping !== null || status === 413) res.setHeader('connection', 'close');
    res.statusCode = status;
    const sent = !res.destroyed;
    if (res.span !== null) {
      if (sampler?.keepsAnswered(res.span, status)) res.setHeader(keepHeader, '1');
      res.setHeader(sentHeader, sentNow());
    }
    res.end(body);
    victims.ended();
    const tookMs = performance.now() - res.beganMs;
    logAnswered(res, sent, tookMs);
    // A body as short as ours is with the kernel by now.
    if (res.span !== null) endServerSpan(res.span, res, sent);
    metrics?.served(
      {
        method: methodName(res.req),
        route: res.route,
        status: sent ? status : null,
        errorType: serverErrorType(status, sent),
        protocolVersion: res.req.httpVersion,
      },
      tookMs,
    );
  }

  function handle(req: IncomingMessage, res: TracedResponse): void {
    if (answerProbe(req, res, ready)) return;
    res.beganMs = performance.now();
    victims.began(unixMs() * 1000, () => {
      const header = req.headers.tracestate;
      return typeof header === 'string' ? header : header?.join();
    });
    if (!telemetry.httpSpans) {
      app(req, res);
      return;
    }
    const parent = propagation.extract(leanRootContext, req.headers);
    const span = startServerSpan(tracer, parent, req);
    res.span = span;
    context.with(trace.setSpan(parent, span), app, undefined, req, res);
  }

  const listening = await listen(handle, settings.host, settings.port);
  const stats = () => readStats(serviceName, requests, telemetry.account(), pauses.counts());
  const admin = await startAdmin({
    host: settings.adminHost,
    port: settings.adminPort,
    token: settings.adminToken,
    stats,
    routers: [pauses.router, ...(telemetry.endedSpans ? [telemetry.endedSpans.router] : [])],
  }).catch(async (error) => {
    await listening.drain(0);
    throw error;
  });
  ready = true;
  telemetry.detector
    ?.start()
    .catch((error) => logger.error({ err: error }, 'Pauses are not detected'));
  logger.info({ url: listening.url, adminUrl: admin.url }, 'Listening');
  const ownPauses = settings.startPauses
    ? startOwnPauses({ settings, pauses, logger, requests: () => requests })
    : null;

  async function drain(timeoutMs: number): Promise<void> {
    ready = false;
    ownPauses?.stop();
    await listening.drain(timeoutMs);
    await pauses.stop();
    caller.stop();
    for (const close of closers) close();
    await telemetry.stop();
    await admin.drain(0);
    const { spans } = stats();
    logger.info({ requests, spans }, 'Stopped');
  }

  return {
    url: listening.url,
    adminUrl: admin.url,
    stats,
    stop: (timeoutMs = 10_000) => (stopping ??= drain(timeoutMs)),
  };
}

function peerUrl({ peers, serviceName }: Settings, to: string): string {
  const url = peers[to];
  if (url === undefined) {
    throw new Error(
      `"${serviceName}" calls "${to}", whose URL is not known; AFTERSHOCK_PEERS gives it`,
    );
  }
  return url;
}

function readId(text: unknown): number {
  if (typeof text !== 'string' || !/^[1-9]\d{0,8}$/.test(text)) {
    throw new Problem(400, 'bad-id', `An id must be an integer from 1 to 999999999, got "${text}"`);
  }
  return Number(text);
}

/**
 * A service's answer: the only call's body as it came, where there is nothing of our own to say;
 * else our own matter with what each call brought.
 */
export function combine(own: object | null, results: readonly CallResult[]): string {
  const [only] = results;
  if (own === null && results.length === 1 && only !== undefined) return only.body;
  if (results.length === 0) return JSON.stringify(own ?? {});
  const calls = results.map(({ to, body }) => ({ to, result: JSON.parse(body) as unknown }));
  return JSON.stringify({ ...own, calls });
}
