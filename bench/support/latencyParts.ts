import { Attribute } from '../../services/kit/attributes.ts';
import { pausesOn } from '../../traces/pauseEvidence.ts';
import { selfTimeNano } from '../../traces/selfTime.ts';
import { serviceOf } from '../../traces/service.ts';
import type { Span } from '../../traces/span.ts';
import { nanoToMs } from './runTime.ts';

/** What a request's latency is made of, each part from evidence of its own. Milliseconds. */
export interface LatencyParts {
  readonly latency: number;
  /** Handlers' own time, less pauses in it. */
  readonly work: number;
  /** Waits before handlers and for turns, less pauses in them. */
  readonly queue: number;
  readonly pause: number;
  /** What each hop usually takes besides. */
  readonly network: number;
  /** By which the client sent it too late. */
  readonly late: number;
}

/** Called service → milliseconds of a call that are none of the callee's. */
export type HopTimes = ReadonlyMap<string, number>;

/** One call and what was recorded of it on the other side. */
interface Hop {
  readonly call: Span;
  readonly to: string;
  readonly server: Span;
  readonly wait: Span | null;
}

function hopsOf(spans: readonly Span[]): Hop[] {
  const hops: Hop[] = [];
  for (const server of spans) {
    if (server.kind !== 'server') continue;
    const call = spans.find(({ spanId }) => spanId === server.parentSpanId);
    if (call === undefined) continue;
    const wait = spans.find(
      ({ name, parentSpanId }) => name === 'server.queue' && parentSpanId === call.spanId,
    );
    hops.push({ call, to: serviceOf(server), server, wait: wait ?? null });
  }
  return hops;
}

function lengthMs({ startUnixNano, endUnixNano }: Pick<Span, 'startUnixNano' | 'endUnixNano'>) {
  return nanoToMs(endUnixNano - startUnixNano);
}

/** Of calls in a trace of the baseline. */
export function hopTimes(spans: readonly Span[]): Map<string, number> {
  return new Map(
    hopsOf(spans).map(({ call, to, server, wait }) => {
      const lateMs = numberOf(call.attributes[Attribute.loadLateMs]);
      return [to, lengthMs(call) - lateMs - lengthMs(server) - (wait ? lengthMs(wait) : 0)];
    }),
  );
}

/** Null: the trace has no root. */
export function latencyParts(spans: readonly Span[], usual: HopTimes): LatencyParts | null {
  const root = spans.find(({ parentSpanId }) => parentSpanId === '');
  if (root === undefined) return null;
  let [work, queue, pause, network] = [0, 0, 0, 0];
  for (const { call, to, server, wait } of hopsOf(spans)) {
    const children = spans.filter(({ parentSpanId }) => parentSpanId === server.spanId);
    const inCalls = children.filter(({ kind }) => kind === 'client');
    const turnMs = numberOf(server.attributes[Attribute.queueWaitMs]);
    const selfMs = nanoToMs(selfTimeNano(server, inCalls));
    const pausedMs = pausedIn(server, inCalls);
    work += selfMs - pausedMs - turnMs;
    queue += turnMs;
    pause += pausedMs;
    if (wait !== null) {
      const stoodMs = pausedIn(wait, []);
      pause += stoodMs;
      queue += lengthMs(wait) - stoodMs;
    }
    // A pause of the caller after the callee had answered.
    pause += pausedIn(call, wait === null ? [server] : [server, wait]);
    network += usual.get(to) ?? Number.NaN;
  }
  const late = numberOf(root.attributes[Attribute.loadLateMs]);
  return { latency: lengthMs(root), work, queue, pause, network, late };
}

/** How much of a span was pauses that it tells of, outside of `others`. */
function pausedIn(span: Span, others: readonly Span[]): number {
  let sumMs = 0;
  for (const { startUnixNano, endUnixNano } of pausesOn(span)) {
    const start = startUnixNano > span.startUnixNano ? startUnixNano : span.startUnixNano;
    const end = endUnixNano < span.endUnixNano ? endUnixNano : span.endUnixNano;
    if (start >= end) continue;
    sumMs += nanoToMs(selfTimeNano({ spanId: '', startUnixNano: start, endUnixNano: end }, others));
  }
  return sumMs;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

export function sumOf({ work, queue, pause, network, late }: LatencyParts): number {
  return work + queue + pause + network + late;
}
