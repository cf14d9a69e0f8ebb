import { PauseAttribute } from '../../pauses/strategy.ts';
import { Attribute } from '../../services/kit/attributes.ts';
import { serviceOf } from '../../traces/service.ts';
import type { Span } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import { arrivalsOffMs } from './arrivalsOff.ts';
import { claimOf } from './claimedVictims.ts';
import { type LatencyParts, latencyParts, usualHops } from './latencyParts.ts';
import { type OutsideVisit, outsideVisits } from './outsideRecord.ts';
import {
  type ExtraTime,
  extraTime,
  meanPath,
  type PathTime,
  pathTime,
  withoutLibrary,
} from './pathShare.ts';
import { nanoToMs } from './runTime.ts';
import { trueVictims } from './trueVictims.ts';
import type { MadePause, VictimRun } from './victimRun.ts';
import { VictimScore } from './victimScore.ts';

/** How far clocks of processes, and times of sending and arriving, may be apart. */
export const edgeMs = 2;

export interface RunFigures {
  /** By phase of the loop. */
  readonly scores: ReadonlyMap<string, VictimScore>;
  /** Requests for which truth and claim differ, each with its evidence. */
  readonly mistakes: readonly string[];
  /** Pauses that the service told of besides those that were made, with their lengths. */
  readonly foundMs: readonly number[];
  /** Pauses that were made and have another span besides that of whoever made them. */
  readonly toldTwice: number;
  /** Whether requests piled up without any pause, so that no backlog is a pause's own. */
  readonly overloaded: boolean;
  /** Signs of life of the paused service in the middle of a pause by the record. */
  readonly signsInside: number;
  /** From a pause's end, by the record, to the first sign of life after it. */
  readonly firstSignMs: readonly number[];
  /** Of victims, by the true record. */
  readonly parts: readonly LatencyParts[];
  /** Of the same, in milliseconds: what blame has no evidence for, but for a late sending. */
  readonly unknownMs: readonly number[];
  /** By how much later than on the wire something came by the spans that say when; of all requests. */
  readonly arrivalsOffMs: readonly number[];
  readonly withLibrary: ExtraTime;
  readonly without: ExtraTime;
}

/** Holds what the spans of a run say of its pauses against what was to be seen from outside. */
export function figuresOf({ spans, pauses, tapped }: VictimRun, service: string): RunFigures {
  const originNano = spans.reduce(
    (first, { startUnixNano }) => (startUnixNano < first ? startUnixNano : first),
    spans[0]?.startUnixNano ?? 0n,
  );
  const toMs = (unixNano: bigint) => nanoToMs(unixNano - originNano);
  const all = outsideVisits(spans, tapped, service, toMs);
  const baseline = all.filter(({ isBaseline }) => isBaseline);
  const visits = all.filter(({ isBaseline }) => !isBaseline);
  const signsMs = baseline
    .map(({ sentMs, signMs }) => (signMs ?? Number.POSITIVE_INFINITY) - sentMs)
    .toSorted((a, b) => a - b);
  // Some of them waited, too: those are beyond the median, unless the service is mostly busy.
  const usualMs = at(signsMs, 0.5);
  const restsMs = baseline
    .flatMap(({ endMs, returnedMs }) => (returnedMs === null ? [] : endMs - returnedMs))
    .toSorted((a, b) => a - b);
  const usual = { signMs: usualMs, restMs: at(restsMs, 0.5) };
  const below = Map.groupBy(spans, ({ parentSpanId }) => parentSpanId);
  const traces = Map.groupBy(spans, ({ traceId }) => traceId);
  const pauseSpans = spans.filter(
    (span) => serviceOf(span) === service && span.attributes[PauseAttribute.kind] !== undefined,
  );

  const others = pauseSpans.filter((span) => !isMade(span));
  const otherMs = others.map(({ startUnixNano }) => toMs(startUnixNano));
  const scores = new Map<string, VictimScore>();
  const mistakes: string[] = [];
  const firstSignMs: number[] = [];
  let signsInside = 0;
  const touched = new Set<OutsideVisit>();
  const victims: { visit: OutsideVisit; pause: MadePause }[] = [];
  const timed = pauses
    .map((pause) => ({
      pause,
      startMs: toMs(pause.startUnixNano),
      endMs: toMs(pause.endUnixNano),
    }))
    .toSorted((a, b) => a.startMs - b.startMs);
  for (const [index, { pause, startMs, endMs }] of timed.entries()) {
    const span = pauseSpans.find(
      (one) => isMade(one) && one.attributes[PauseAttribute.sequence] === pause.sequence,
    );
    if (span === undefined) throw new Error(`There is no span of pause ${pause.sequence}`);
    const nextMs = timed[index + 1]?.startMs ?? Number.POSITIVE_INFINITY;
    const truth = trueVictims({ startMs, endMs }, visits, usual, edgeMs, nextMs, otherMs);
    const score = scores.get(pause.phase) ?? new VictimScore();
    scores.set(pause.phase, score);
    let first = Number.POSITIVE_INFINITY;
    for (const [visit, verdict] of truth.verdicts) {
      const claim = claimOf(below.get(visit.callId) ?? [], span);
      score.add(verdict, claim);
      if (verdict === 'hit' || verdict === 'queued') victims.push({ visit, pause });
      if (verdict !== 'untouched') touched.add(visit);
      const isRight = verdict === claim || (verdict === 'untouched' && claim === 'none');
      if (!isRight && verdict !== 'edge' && verdict !== 'mixed') {
        mistakes.push(
          `${pause.kind} ${pause.phase} [0, ${(endMs - startMs).toFixed(1)}], drained ` +
            `${(endMs - startMs + truth.drainMs).toFixed(1)}: sent ${(visit.sentMs - startMs).toFixed(1)}, ` +
            `sign ${((visit.signMs ?? Number.NaN) - startMs).toFixed(1)}, end ${(visit.endMs - startMs).toFixed(1)}: ` +
            `${verdict}, said ${claim}; ${describe(below.get(visit.callId) ?? [], startMs, toMs)}`,
        );
      }
      for (const sign of new Set([visit.signMs, visit.answered ? visit.endMs : null])) {
        if (sign === null) continue;
        if (sign > startMs + edgeMs && sign < endMs - edgeMs) signsInside++;
        if (sign >= endMs - edgeMs) first = Math.min(first, sign - endMs);
      }
    }
    firstSignMs.push(first);
  }

  const hops = usualHops(baseline.map(({ traceId }) => traces.get(traceId) ?? []));
  const parts = victims.flatMap(
    ({ visit }) => latencyParts(traces.get(visit.traceId) ?? [], hops) ?? [],
  );
  const extra = (ofTrace: (spans: readonly Span[]) => readonly Span[]) => {
    const path = (traceId: string, endUnixNano: bigint): PathTime[] => {
      const time = pathTime(ofTrace(traces.get(traceId) ?? []), service, endUnixNano);
      return time === null ? [] : [time];
    };
    // Of the same time as the victims: what a machine does besides changes within seconds.
    const untouched = visits.filter((visit) => !touched.has(visit));
    const usualPath = meanPath(untouched.flatMap(({ traceId }) => path(traceId, 0n)));
    const ofVictims = victims.flatMap(({ visit, pause }) => path(visit.traceId, pause.endUnixNano));
    return extraTime(ofVictims, usualPath);
  };
  return {
    scores,
    mistakes,
    foundMs: others.map(({ startUnixNano, endUnixNano }) => nanoToMs(endUnixNano - startUnixNano)),
    toldTwice: pauses.filter((pause) => others.some((span) => isMostOf(span, pause))).length,
    overloaded:
      all.some(({ answered }) => !answered) ||
      usualMs > 3 * at(signsMs, 0.1) ||
      at(signsMs, 0.67) > usualMs + 10,
    signsInside,
    firstSignMs,
    parts,
    unknownMs: victims.flatMap(({ visit }) => unknownMs(traces.get(visit.traceId) ?? [])),
    arrivalsOffMs: arrivalsOffMs(spans, tapped, toMs),
    withLibrary: extra((trace) => trace),
    without: extra(withoutLibrary),
  };
}

function unknownMs(spans: readonly Span[]): number {
  const trace = new Trace(spans);
  const late = trace.root?.span.attributes[Attribute.loadLateMs];
  const unknownNano = trace.blame
    .filter(({ cause }) => cause === 'unknown')
    .reduce((sum, { durationNano }) => sum + durationNano, 0n);
  return nanoToMs(unknownNano) - (typeof late === 'number' ? late : 0);
}

function isMade({ attributes }: Span): boolean {
  return attributes[PauseAttribute.requestedMs] !== undefined;
}

/** Whether most of `pause` lies within `span`. */
function isMostOf(span: Span, pause: MadePause): boolean {
  const from = span.startUnixNano > pause.startUnixNano ? span.startUnixNano : pause.startUnixNano;
  const to = span.endUnixNano < pause.endUnixNano ? span.endUnixNano : pause.endUnixNano;
  return 2n * (to - from) > pause.endUnixNano - pause.startUnixNano;
}

function describe(
  below: readonly Span[],
  startMs: number,
  toMs: (unixNano: bigint) => number,
): string {
  return below
    .map(({ name, startUnixNano, endUnixNano, attributes, links }) => {
      const from = (toMs(startUnixNano) - startMs).toFixed(1);
      const to = (toMs(endUnixNano) - startMs).toFixed(1);
      const told = Object.entries(attributes).flatMap(([key, value]) =>
        /pause|wait|clock/.test(key)
          ? [
              `${key.replace('aftershock.', '')}=${typeof value === 'number' ? value.toFixed(1) : value}`,
            ]
          : [],
      );
      return `${name} [${from}, ${to}] ${told.join(' ')} links ${links.length}`;
    })
    .join(' | ');
}

function at(sorted: readonly number[], p: number): number {
  return sorted[Math.floor(p * sorted.length)] ?? 0;
}
