import {
  type Context,
  isSpanContextValid,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import {
  isTracingSuppressed,
  parseTraceParent,
  TRACE_PARENT_HEADER,
  TRACE_STATE_HEADER,
} from '@opentelemetry/core';
import { readHop } from '../../pauses/attribution/stamp.ts';
import { unixMicrosText, unixMs } from './spanTime.ts';
import { receivedTraceState } from './traceState.ts';

const memberKey = 'aftershock';
const maxMembers = 32;
/** Sampled, and random (level 2): those of later levels are not ours to pass on (3.2.2.5). */
const knownFlags = 0b11;

/**
 * W3C Trace Context, level 2, with one addition: each hop renews the tracestate member `aftershock` with its
 * number and the time of sending, for example `aftershock=h:2;t:1718439730123456`.
 */
export class HopPropagator implements TextMapPropagator {
  readonly #nowUnixMicros: () => string;

  constructor(nowUnixMicros: () => string = unixMicros) {
    this.#nowUnixMicros = nowUnixMicros;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const spanContext = trace.getSpanContext(context);
    if (!spanContext || !isSpanContextValid(spanContext) || isTracingSuppressed(context)) return;
    const { traceId, spanId, traceFlags, traceState } = spanContext;
    setter.set(carrier, TRACE_PARENT_HEADER, `00-${traceId}-${spanId}-0${traceFlags & knownFlags}`);
    const received = traceState?.serialize() ?? '';
    setter.set(carrier, TRACE_STATE_HEADER, renewHop(received, this.#nowUnixMicros()));
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const parents = getter.get(carrier, TRACE_PARENT_HEADER);
    const received = parseTraceParent((typeof parents === 'string' ? parents : parents?.[0]) ?? '');
    if (received === null) return context;
    received.isRemote = true;
    received.traceFlags &= knownFlags;
    const states = getter.get(carrier, TRACE_STATE_HEADER);
    if (states !== undefined && states.length > 0) {
      const traceState = receivedTraceState(typeof states === 'string' ? states : states.join());
      if (traceState !== undefined) received.traceState = traceState;
    }
    return trace.setSpanContext(context, received);
  }

  fields(): string[] {
    return [TRACE_PARENT_HEADER, TRACE_STATE_HEADER];
  }
}

/**
 * `traceState` as the next hop is to get it: our member renewed and leftmost, foreign ones in their
 * order. A changed member moves to the left and a full list loses its last (W3C Trace Context, 3.5).
 */
export function renewHop(traceState: string, sentUnixMicros: string): string {
  const hop = (readHop(traceState)?.hop ?? 0) + 1;
  const own = `${memberKey}=h:${hop};t:${sentUnixMicros}`;
  if (traceState === '' || (isOwn(traceState) && !traceState.includes(','))) return own;
  const foreign = traceState.split(',').filter((member) => !isOwn(member) && member.trim() !== '');
  return [own, ...foreign.slice(0, maxMembers - 1)].join(',');
}

function unixMicros(): string {
  return unixMicrosText(unixMs());
}

function isOwn(member: string): boolean {
  return member.trimStart().startsWith(`${memberKey}=`);
}
