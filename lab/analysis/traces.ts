import { PauseAttribute } from '../../pauses/strategy.ts';
import { Attribute } from '../../services/kit/attributes.ts';
import type { AttributeValue, Span } from '../../traces/span.ts';
import type { PhaseName, Run } from '../run.ts';

/** A request in the process of a service. Times are milliseconds since the run's first phase. */
export interface Visit {
  readonly service: string;
  /** When the caller sent it: on one machine, within a millisecond of its arrival. */
  readonly arrivedMs: number;
  /** When its turn came: the handler's begin, plus the wait for a slot. null: no handler ran. */
  readonly begunMs: number | null;
  /** The handler's end; where no handler ran, the caller's. */
  readonly leftMs: number;
  readonly handlerMs: number | null;
  /** null where concurrency is not limited. */
  readonly queueWaitMs: number | null;
}

export interface Attempt {
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
  /** The caller's own timer ended it. */
  readonly timedOut: boolean;
  readonly visit: Visit;
}

/** One call of a script, with all its attempts in the order of time. At least one. */
export interface CallRecord {
  readonly service: string;
  readonly startMs: number;
  readonly endMs: number;
  /** The last attempt failed. */
  readonly failed: boolean;
  readonly attempts: readonly Attempt[];
}

/** One request of the load; its first call is the client's own, from the intended time. */
export interface RequestRecord {
  readonly traceId: string;
  readonly phase: PhaseName;
  readonly intendedMs: number;
  readonly latencyMs: number;
  readonly failed: boolean;
  /** Never sent: latency Infinity, no calls. */
  readonly dropped: boolean;
  readonly calls: readonly CallRecord[];
}

export interface PauseSpan {
  readonly service: string;
  readonly kind: string;
  readonly phase: string;
  readonly sequence: number;
  readonly requestedMs: number | null;
  readonly measuredMs: number;
  readonly startMs: number;
  readonly endMs: number;
}

export interface Traces {
  /** In the order of their intended times. */
  readonly requests: readonly RequestRecord[];
  /** In the order of time. */
  readonly pauses: readonly PauseSpan[];
}

interface Parts {
  root: Span | null;
  readonly clients: Span[];
  readonly servers: Map<string, Span>;
}

/**
 * Turns the spans of a run into requests and pauses. Spans may come in any order. A trace without
 * a root span of the load (a request by hand) is left out.
 */
export function readTraces(run: Run, spans: Iterable<Span>): Traces {
  const originUnixMs = run.phases[0]?.startUnixMs ?? Date.parse(run.startedAt);
  const originNano = BigInt(Math.round(originUnixMs * 1e6));
  const toMs = (unixNano: bigint) => Number(unixNano - originNano) / 1e6;
  const traces = new Map<string, Parts>();
  const pauses: PauseSpan[] = [];
  for (const span of spans) {
    if (typeof span.attributes[PauseAttribute.kind] === 'string' && span.kind === 'internal') {
      pauses.push(pauseSpan(span, toMs));
      continue;
    }
    if (span.kind !== 'client' && span.kind !== 'server') continue;
    let parts = traces.get(span.traceId);
    if (!parts) {
      parts = { root: null, clients: [], servers: new Map() };
      traces.set(span.traceId, parts);
    }
    if (span.kind === 'server') parts.servers.set(span.parentSpanId, span);
    else if (span.attributes[Attribute.loadPhase] !== undefined) parts.root = span;
    else if (span.attributes[Attribute.callTo] !== undefined) parts.clients.push(span);
  }
  const requests = [...traces].flatMap(([traceId, parts]) => {
    return parts.root ? [requestRecord(traceId, parts.root, parts, run.mesh.entry, toMs)] : [];
  });
  requests.sort((a, b) => a.intendedMs - b.intendedMs);
  pauses.sort((a, b) => a.startMs - b.startMs);
  return { requests, pauses };
}

type ToMs = (unixNano: bigint) => number;

function requestRecord(
  traceId: string,
  root: Span,
  parts: Parts,
  entry: string,
  toMs: ToMs,
): RequestRecord {
  const groups = new Map<string, Span[]>();
  for (const client of parts.clients) {
    const key = `${client.parentSpanId} ${client.attributes[Attribute.callIndex]}`;
    const attempts = groups.get(key);
    if (attempts) attempts.push(client);
    else groups.set(key, [client]);
  }
  const phase = root.attributes[Attribute.loadPhase] as PhaseName;
  if (root.attributes['error.type'] === 'dropped') {
    const intendedMs = toMs(root.startUnixNano);
    const latencyMs = Number.POSITIVE_INFINITY;
    return { traceId, phase, intendedMs, latencyMs, failed: true, dropped: true, calls: [] };
  }
  const lateMs = numberOf(root.attributes[Attribute.loadLateMs]) ?? 0;
  const own = callRecord(entry, [root], parts, lateMs, toMs);
  const calls = [...groups.values()].map((attempts) => {
    const to = attempts[0]?.attributes[Attribute.callTo];
    return callRecord(String(to), attempts, parts, 0, toMs);
  });
  calls.sort((a, b) => a.startMs - b.startMs);
  return {
    traceId,
    phase,
    intendedMs: own.startMs,
    latencyMs: own.endMs - own.startMs,
    failed: own.failed,
    dropped: false,
    calls: [own, ...calls],
  };
}

function callRecord(
  service: string,
  spans: Span[],
  parts: Parts,
  lateMs: number,
  toMs: ToMs,
): CallRecord {
  const attempts = spans
    .map((span): Attempt => {
      const startMs = toMs(span.startUnixNano);
      const endMs = toMs(span.endUnixNano);
      const server = parts.servers.get(span.spanId);
      const visit = visitOf(service, startMs + lateMs, endMs, server, toMs);
      return { startMs, endMs, failed: hasFailed(span), timedOut: hasTimedOut(span), visit };
    })
    .sort((a, b) => a.startMs - b.startMs);
  const last = attempts[attempts.length - 1];
  return {
    service,
    startMs: attempts[0]?.startMs ?? 0,
    endMs: last?.endMs ?? 0,
    failed: last?.failed ?? true,
    attempts,
  };
}

function visitOf(
  service: string,
  arrivedMs: number,
  callerEndMs: number,
  server: Span | undefined,
  toMs: ToMs,
): Visit {
  if (!server) {
    const nothing = { begunMs: null, handlerMs: null, queueWaitMs: null };
    return { service, arrivedMs, leftMs: callerEndMs, ...nothing };
  }
  const queueWaitMs = numberOf(server.attributes[Attribute.queueWaitMs]);
  const startMs = toMs(server.startUnixNano);
  const leftMs = toMs(server.endUnixNano);
  return {
    service,
    arrivedMs,
    begunMs: startMs + (queueWaitMs ?? 0),
    leftMs,
    handlerMs: leftMs - startMs,
    queueWaitMs,
  };
}

function hasFailed({ status, attributes }: Span): boolean {
  const httpStatus = numberOf(attributes['http.response.status_code']);
  return (
    status.code === 'error' ||
    attributes['error.type'] !== undefined ||
    httpStatus === null ||
    httpStatus >= 400
  );
}

function hasTimedOut({ attributes }: Span): boolean {
  const type = attributes['error.type'];
  return type === 'timeout';
}

function pauseSpan(span: Span, toMs: ToMs): PauseSpan {
  const { attributes } = span;
  const startMs = toMs(span.startUnixNano);
  const endMs = toMs(span.endUnixNano);
  return {
    service: String(span.resource.attributes['service.name']),
    kind: String(attributes[PauseAttribute.kind]),
    phase: String(attributes[PauseAttribute.phase]),
    sequence: numberOf(attributes[PauseAttribute.sequence]) ?? 0,
    requestedMs: numberOf(attributes[PauseAttribute.requestedMs]),
    measuredMs: numberOf(attributes[PauseAttribute.measuredMs]) ?? endMs - startMs,
    startMs,
    endMs,
  };
}

function numberOf(value: AttributeValue | undefined): number | null {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
}
