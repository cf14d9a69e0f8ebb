import { median } from '../../lab/analysis/percentiles.ts';
import { PausedAttribute } from '../../pauses/attribution/attributes.ts';
import { readHop } from '../../pauses/attribution/stamp.ts';
import { Attribute } from '../../services/kit/attributes.ts';
import { pausesOn } from '../../traces/pauseEvidence.ts';
import { selfTimeNano } from '../../traces/selfTime.ts';
import { serviceOf } from '../../traces/service.ts';
import type { Span } from '../../traces/span.ts';
import { nanoToMs } from './runTime.ts';

/** What a request's latency is made of, each part from evidence of its own. Milliseconds. */
export interface LatencyParts {
  readonly latency: number;
  /** Handlers' own time, and callers' until they stamped the request, less pauses in them. */
  readonly work: number;
  /**
   * Waits for connections, before handlers, for turns, and of answers before they were read, less
   * pauses in them.
   */
  readonly queue: number;
  readonly pause: number;
  /**
   * The ways there and back: from a sender's record until the receiver was last seen not to have it.
   * Of those that were too short for that to be told, what is usual.
   */
  readonly network: number;
  /** By which the client sent it too late. */
  readonly late: number;
}

/** What is usual between sending and handler, and between answer and reading. Milliseconds. */
export interface HopTime {
  readonly out: number;
  readonly back: number;
}

/** By the called service. */
export type HopTimes = ReadonlyMap<string, HopTime>;

/** One call and what was recorded of it on the other side. Times in milliseconds after its start. */
interface Hop {
  readonly call: Span;
  readonly to: string;
  readonly server: Span;
  readonly wait: Span | null;
  /** The caller's stamp, or else the start. */
  readonly stampMs: number;
  /** A connection was open. */
  readonly sentMs: number;
  /** The callee had it, by its own record. */
  readonly hereMs: number;
  /** The callee, which was idle, did not have it yet; null: that is not told. */
  readonly notHereMs: number | null;
  readonly answeredMs: number;
  /** From then on the answer lay at the caller, whose loop was busy. */
  readonly unreadMs: number;
  /** The caller, which was idle, did not have the answer yet; null: that is not told. */
  readonly notBackMs: number | null;
  readonly endMs: number;
}

function hopsOf(spans: readonly Span[]): Hop[] {
  const hops: Hop[] = [];
  for (const server of spans) {
    if (server.kind !== 'server') continue;
    const call = spans.find(({ spanId }) => spanId === server.parentSpanId);
    if (call === undefined) continue;
    // What a handler still did when its answer had been read is not of the request's time.
    const handler = until(server, call.endUnixNano);
    const wait = spans.find(
      ({ name, parentSpanId }) => name === 'server.queue' && parentSpanId === call.spanId,
    );
    const at = (unixNano: bigint) => nanoToMs(unixNano - call.startUnixNano);
    const endMs = at(call.endUnixNano);
    const hereMs = at((wait ?? server).startUnixNano);
    const answeredMs = Math.min(at(handler.endUnixNano), endMs);
    const stamp = readHop(server.traceState)?.sentUnixMicros;
    const stampMs = stamp === undefined ? 0 : at(BigInt(stamp) * 1000n);
    const busyMs = numberOf(call.attributes[PausedAttribute.clientBusyMs]);
    const stamped = Math.max(0, Math.min(stampMs, hereMs));
    const unreadMs = Math.max(answeredMs, endMs - busyMs);
    const connectMs = numberOf(call.attributes[Attribute.clientConnectMs]);
    hops.push({
      call,
      to: serviceOf(server),
      server: handler,
      wait: wait ?? null,
      stampMs: stamped,
      sentMs: Math.min(stamped + connectMs, hereMs),
      hereMs,
      notHereMs: notHereMs(server, wait ?? null, stamped, hereMs),
      answeredMs,
      unreadMs,
      notBackMs: busyMs > 0 ? unreadMs : notBackMs(call, answeredMs, endMs),
      endMs,
    });
  }
  return hops;
}

/** The same span, over by then; one that began later has no length. */
function until(span: Span, endUnixNano: bigint): Span {
  if (span.endUnixNano <= endUnixNano) return span;
  const { startUnixNano } = span;
  return { ...span, endUnixNano: endUnixNano > startUnixNano ? endUnixNano : startUnixNano };
}

function notHereMs(server: Span, wait: Span | null, stampMs: number, hereMs: number) {
  const transitMs = server.attributes[PausedAttribute.transitMs];
  if (typeof transitMs === 'number') return Math.min(stampMs + transitMs, hereMs);
  return wait?.attributes[PausedAttribute.waitFrom] === 'idle' ? hereMs : null;
}

function notBackMs(call: Span, answeredMs: number, endMs: number) {
  const transitMs = call.attributes[PausedAttribute.clientTransitMs];
  return typeof transitMs === 'number' ? Math.min(answeredMs + transitMs, endMs) : null;
}

function lengthMs({ startUnixNano, endUnixNano }: Pick<Span, 'startUnixNano' | 'endUnixNano'>) {
  return nanoToMs(endUnixNano - startUnixNano);
}

/** Medians of calls in traces of the baseline. */
export function usualHops(traces: readonly (readonly Span[])[]): Map<string, HopTime> {
  const ofCallee = Map.groupBy(traces.flatMap(hopsOf), ({ to }) => to);
  const middle = (values: number[]) => median(values) ?? Number.NaN;
  return new Map(
    [...ofCallee].map(([to, hops]) => [
      to,
      {
        out: middle(hops.map(({ sentMs, hereMs }) => hereMs - sentMs)),
        back: middle(hops.map(({ answeredMs, unreadMs }) => unreadMs - answeredMs)),
      },
    ]),
  );
}

/** Null: the trace has no root. */
export function latencyParts(spans: readonly Span[], usual: HopTimes): LatencyParts | null {
  const root = spans.find(({ parentSpanId }) => parentSpanId === '');
  if (root === undefined) return null;
  const late = numberOf(root.attributes[Attribute.loadLateMs]);
  let [work, queue, pause, network] = [-late, 0, 0, 0];
  const hops = hopsOf(spans);
  const calls = new Set(hops.map(({ call }) => call));
  for (const hop of hops) {
    const { call, to, server, wait, stampMs, sentMs, hereMs, notHereMs } = hop;
    const { answeredMs, unreadMs, notBackMs, endMs } = hop;
    // A query of a database within the process is work.
    const inCalls = spans.filter((one) => one.parentSpanId === server.spanId && calls.has(one));
    const turnMs = numberOf(server.attributes[Attribute.queueWaitMs]);
    const selfMs = nanoToMs(selfTimeNano(server, inCalls));
    const pausedMs = pausedIn(server, inCalls);
    work += selfMs - pausedMs - turnMs + stampMs - pausedIn(part(call, 0, stampMs));
    queue += sentMs - stampMs - pausedIn(part(call, stampMs, sentMs));
    queue += turnMs + endMs - unreadMs - pausedIn(part(call, unreadMs, endMs));
    pause += pausedMs;
    if (wait !== null) {
      const stoodMs = pausedIn(wait);
      pause += stoodMs;
      queue += lengthMs(wait) - stoodMs;
    }
    // A pause of the caller before the callee had it, or after it had answered.
    pause += pausedIn(call, wait === null ? [server] : [server, wait]);
    const { out, back } = usual.get(to) ?? { out: Number.NaN, back: Number.NaN };
    // What a pause of the caller takes of a way is the pause's.
    const way = (fromMs: number, toMs: number) =>
      Math.max(0, toMs - fromMs - pausedIn(part(call, fromMs, toMs)));
    network += notHereMs === null ? Math.min(out, hereMs - sentMs) : way(sentMs, notHereMs);
    network +=
      notBackMs === null ? Math.min(back, unreadMs - answeredMs) : way(answeredMs, notBackMs);
  }
  return { latency: lengthMs(root), work, queue, pause, network, late };
}

/** The same span from `fromMs` to `toMs` after its start. */
function part(span: Span, fromMs: number, toMs: number): Span {
  const at = (ms: number) => span.startUnixNano + BigInt(Math.round(ms * 1e6));
  return { ...span, startUnixNano: at(fromMs), endUnixNano: at(toMs) };
}

/** How much of a span was pauses that it tells of, outside of `others`. */
function pausedIn(span: Span, others: readonly Span[] = []): number {
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
