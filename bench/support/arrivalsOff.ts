import { PausedAttribute } from '../../pauses/attribution/attributes.ts';
import { readHop } from '../../pauses/attribution/stamp.ts';
import type { Span } from '../../traces/span.ts';
import { nanoToMs } from './runTime.ts';
import type { TappedRequest } from './wireTap.ts';

/**
 * Of requests and answers that were long on their way to a loop that was idle, or seemed so: how much
 * later than they were on the wire they came by what spans say. In milliseconds. What came while the
 * loop was busy is left out, because there nobody says when.
 */
export function arrivalsOffMs(
  spans: readonly Span[],
  tapped: readonly Pick<TappedRequest, 'callId' | 'sentUnixMs' | 'answeredUnixMs'>[],
  toMs: (unixNano: bigint) => number,
): number[] {
  const calls = new Map(spans.map((span) => [span.spanId, span]));
  const servers = new Map<string, Span>();
  const waits = new Map<string, Span>();
  for (const span of spans) {
    if (span.kind === 'server') servers.set(span.parentSpanId, span);
    if (span.name === 'server.queue') waits.set(span.parentSpanId, span);
  }
  const off: number[] = [];
  for (const { callId, sentUnixMs, answeredUnixMs } of tapped) {
    const [call, server, wait] = [calls.get(callId), servers.get(callId), waits.get(callId)];
    if (call === undefined || server === undefined) continue;
    const wireMs = (unixMs: number) => toMs(BigInt(Math.round(unixMs * 1e6)));
    const cameMs = requestCame(server, wait, toMs);
    if (cameMs !== null) off.push(cameMs - wireMs(sentUnixMs));
    const backMs = answeredUnixMs === null ? null : answerCame(call, server, toMs);
    if (backMs !== null) off.push(backMs - wireMs(answeredUnixMs as number));
  }
  return off;
}

/** Null: that is not told. */
function requestCame(server: Span, wait: Span | undefined, toMs: (unixNano: bigint) => number) {
  if (wait !== undefined) {
    const seemedIdle = wait.attributes[PausedAttribute.waitCoreMs] !== undefined;
    return seemedIdle ? toMs(wait.startUnixNano) : null;
  }
  const transitMs = server.attributes[PausedAttribute.transitMs];
  const stamp = readHop(server.traceState)?.sentUnixMicros;
  if (typeof transitMs !== 'number' || stamp === undefined) return null;
  return toMs(BigInt(stamp) * 1000n) + transitMs;
}

/** Null: that is not told. */
function answerCame(call: Span, server: Span, toMs: (unixNano: bigint) => number) {
  const busyMs = call.attributes[PausedAttribute.clientBusyMs];
  if (typeof busyMs === 'number') {
    const seemedIdle = call.attributes[PausedAttribute.clientCoreMs] !== undefined;
    return seemedIdle ? toMs(call.endUnixNano) - busyMs : null;
  }
  const transitMs = call.attributes[PausedAttribute.clientTransitMs];
  if (typeof transitMs !== 'number') return null;
  const atMost = nanoToMs(call.endUnixNano - server.endUnixNano);
  return toMs(server.endUnixNano) + Math.min(transitMs, atMost);
}
