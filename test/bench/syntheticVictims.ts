import type { MadePause, VictimRun } from '../../bench/support/victimRun.ts';
import { PausedAttribute } from '../../pauses/attribution/attributes.ts';
import { PauseAttribute } from '../../pauses/strategy.ts';
import { Attribute } from '../../services/kit/attributes.ts';
import type { Attributes, Span, SpanEvent, SpanKind, SpanLink } from '../../traces/span.ts';

/** What the spans are to say of a request: the truth, or something else. */
export type Lie = (truth: 'hit' | 'queued' | 'none', index: number) => 'hit' | 'queued' | 'none';

const pause = { startMs: 2000, endMs: 2120 };
const hopMs = 0.5;
const workMs = 4;
const originNano = 1_700_000_000_000_000_000n;

/**
 * auth → user, of which user serves one at a time for 4 ms and stands still for 120 ms; every way
 * takes 0.5 ms. The first second is the baseline.
 * @param sentMs when auth sends each request.
 */
export function syntheticVictims(
  sentMs: readonly number[],
  lie: Lie = (truth) => truth,
): VictimRun {
  const spans: Span[] = [];
  const tapped: VictimRun['tapped'][number][] = [];
  let ids = 0;
  const nano = (ms: number) => originNano + BigInt(Math.round(ms * 1e6));
  const add = (
    service: string,
    traceId: string,
    parentSpanId: string,
    name: string,
    kind: SpanKind,
    startMs: number,
    endMs: number,
    more: {
      attributes?: Attributes;
      events?: SpanEvent[];
      links?: SpanLink[];
      scope?: string;
    } = {},
  ): string => {
    const spanId = (++ids).toString(16).padStart(16, '0');
    spans.push({
      traceId,
      spanId,
      parentSpanId,
      name,
      kind,
      startUnixNano: nano(startMs),
      endUnixNano: nano(endMs),
      attributes: more.attributes ?? {},
      events: more.events ?? [],
      links: more.links ?? [],
      status: { code: 'unset', message: '' },
      traceState: '',
      flags: 257,
      resource: { attributes: { 'service.name': service } },
      scope: { name: more.scope ?? 'test', version: '' },
    });
    return spanId;
  };
  const made: MadePause = {
    kind: 'block',
    phase: 'poll',
    sequence: 1,
    startUnixNano: nano(pause.startMs),
    endUnixNano: nano(pause.endMs),
  };
  const pauseId = add(
    'user',
    'f'.repeat(32),
    '',
    'pause block',
    'internal',
    pause.startMs,
    pause.endMs,
    {
      attributes: {
        [PauseAttribute.kind]: 'block',
        [PauseAttribute.sequence]: 1,
        [PauseAttribute.requestedMs]: 120,
      },
    },
  );
  const link = { traceId: 'f'.repeat(32), spanId: pauseId, traceState: '', attributes: {} };

  let freeMs = 0;
  for (const [index, sent] of sentMs.entries()) {
    const arrived = sent + hopMs;
    let begun = Math.max(arrived, freeMs);
    if (begun >= pause.startMs && begun < pause.endMs) begun = pause.endMs;
    const stood = begun < pause.startMs && begun + workMs > pause.startMs;
    const done = begun + workMs + (stood ? pause.endMs - pause.startMs : 0);
    freeMs = done;
    const isHit = arrived < pause.endMs && done > pause.startMs;
    const truth = isHit ? 'hit' : arrived > pause.endMs && begun > arrived ? 'queued' : 'none';
    const said = lie(truth, index);
    const traceId = (index + 1).toString(16).padStart(32, '0');
    const root = add('load', traceId, '', 'GET', 'client', sent - hopMs, done + 2 * hopMs, {
      attributes: {
        [Attribute.loadPhase]: sent < 1000 ? 'baseline' : 'pauses',
        [Attribute.loadLateMs]: 0,
      },
    });
    const auth = add('auth', traceId, root, 'GET', 'server', sent, done + hopMs);
    const call = add('auth', traceId, auth, 'GET', 'client', sent, done + hopMs, {
      attributes: { [Attribute.callTo]: 'user', 'http.response.status_code': 200 },
    });
    const unixMs = (ms: number) => Number(originNano / 1_000_000n) + ms;
    tapped.push({
      callId: call,
      sentUnixMs: unixMs(sent + hopMs / 2),
      sentBehindMs: 0,
      answeredUnixMs: unixMs(done + hopMs / 2),
      answeredBehindMs: 0,
    });
    const told = (fromMs: number, toMs: number) => {
      if (said === 'none') return {};
      const [from, to] = [Math.max(fromMs, pause.startMs), Math.min(toMs, pause.endMs)];
      const event = {
        name: 'pause',
        timeUnixNano: nano(said === 'hit' ? Math.min(from, pause.endMs - 1) : from),
        attributes: { [PauseAttribute.kind]: 'block', [PausedAttribute.durationMs]: to - from },
      };
      return {
        attributes: { [PausedAttribute.role]: said },
        links: [link],
        events: said === 'hit' && (to > from || !isHit) ? [event] : [],
      };
    };
    add('user', traceId, call, 'GET', 'server', begun, done, told(begun, done));
    if (begun - arrived >= 2) {
      add('user', traceId, call, 'server.queue', 'internal', arrived, begun - 0.001, {
        ...told(arrived, begun),
        scope: 'aftershock/pauses',
      });
    }
  }
  return { spans, pauses: [made], tapped };
}
