import { Attribute } from '../../services/kit/attributes.ts';
import { type TimeoutVerdict, timeoutVerdicts } from '../../services/kit/timeoutVerdict.ts';
import type { AttributeValue, Span } from '../../traces/span.ts';
import type { PhaseName } from '../run.ts';
import type { Attempt, CallRecord, RequestRecord, Visit } from './records.ts';

/** The spans of one trace that make up a request. */
export interface Parts {
  root: Span | null;
  readonly clients: Span[];
  /** By the id of their parent. */
  readonly servers: Map<string, Span>;
}

/** Milliseconds since the run's first phase. */
export type ToMs = (unixNano: bigint) => number;

/** One request, from its root span and the rest of its trace. */
export function requestRecord(
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
      return {
        startMs,
        endMs,
        failed: hasFailed(span),
        timedOut: hasTimedOut(span),
        timeoutVerdict: verdictOf(span),
        visit,
      };
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

function verdictOf({ attributes }: Span): TimeoutVerdict | null {
  const verdict = attributes[Attribute.timeoutVerdict];
  return timeoutVerdicts.find((known) => known === verdict) ?? null;
}

/** A numeric attribute; null for anything else. */
export function numberOf(value: AttributeValue | undefined): number | null {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
}
