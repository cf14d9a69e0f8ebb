import { counted } from '../counted.ts';
import { type Expected, fits, type SpanPattern, show } from '../pattern.ts';
import { pausesOn, type SeenPause } from '../pauseEvidence.ts';
import { processOf } from '../service.ts';
import type { SpanView, Trace } from '../trace.ts';
import { msText } from '../waterfall.ts';
import { tracesOf } from './subject.ts';
import { toleranceNano } from './tolerance.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export interface AmplificationExpected {
  /** The service that paused. */
  readonly service: string;
  /** Such as `gc`. Default: any. */
  readonly kind?: Expected<string>;
  /** The hop at which latency is taken: the longest call of a trace counts. Default: its root. */
  readonly at?: SpanPattern;
  /** Bounds, both within; one may be left out. A pause that the client waits for once gives up to 1. */
  readonly min?: number;
  readonly max?: number;
  /** Of the victims, above 0, at most 100. Default: 50, the median; 100 is the maximum. */
  readonly percentile?: number;
  /** Traces without a pause, for the usual latency. Default: those of the set that saw none. */
  readonly baseline?: readonly Trace[];
  /** At least 1, the default: pauses that are shorter are none, latencies closer are the same. */
  readonly toleranceMs?: number;
}

interface Victim {
  readonly trace: Trace;
  readonly extraNano: number;
  readonly pauseNano: number;
  readonly call: Call;
}

interface Call {
  readonly view: SpanView;
  readonly nano: number;
}

/**
 * Over the traces that one pause of the service hit, and no other pause: (latency at the hop − the
 * median there without a pause) / length of the pause. 1: all of the pause arrived; above: it
 * grew on the way, by retries, backlogs or repetition.
 * @throws {RangeError} if there is no such trace, or none without a pause: that is no answer.
 */
export function toHaveAmplification(
  this: MatcherContext,
  received: unknown,
  expected: AmplificationExpected,
): MatcherResult {
  const { service, kind, at, percentile = 50, toleranceMs = 1 } = expected;
  const traces = tracesOf(received);
  const tolerance = Number(toleranceNano(toleranceMs));
  checkExpected(expected);
  const seen = traces.map((trace) => ({ trace, pauses: longPauses(trace, tolerance) }));
  const usual = expected.baseline ?? seen.filter((s) => s.pauses.size === 0).map((s) => s.trace);
  const usualNano = quantile(
    usual.flatMap((trace) => longestCall(trace, at)?.nano ?? []),
    50,
  );
  const victims = seen.flatMap(({ trace, pauses }): Victim[] => {
    const [pause] = [...pauses.values()];
    if (pauses.size !== 1 || pause === undefined || pause.service !== service) return [];
    if (kind !== undefined && !fits(pause.kind, kind)) return [];
    const call = longestCall(trace, at);
    if (call === null || usualNano === null) return [];
    return [{ trace, call, extraNano: call.nano - usualNano, pauseNano: pause.nano }];
  });
  const what = `a pause${kind === undefined ? '' : ` of kind ${show(kind)}`} of ${service} alone`;
  const hop = at === undefined ? 'their root' : show(at);
  if (usualNano === null || victims.length === 0) {
    const missing =
      usualNano === null
        ? `of ${usual.length} without a pause none has ${hop}: give some as \`baseline\``
        : `none was hit by ${what} and has ${hop}`;
    throw new RangeError(
      `No amplification is known: of ${counted(traces.length, 'trace')}, ${missing}`,
    );
  }
  const ratios = (shiftNano: number) =>
    quantile(
      victims.map(({ extraNano, pauseNano }) => (extraNano + shiftNano) / pauseNano),
      percentile,
    ) as number;
  const ratio = ratios(0);
  const bounds = `${describe(expected)} at P${percentile}`;
  const nearest = victims.reduce((a, b) => (distance(b, ratio) < distance(a, ratio) ? b : a));
  const { trace, call, extraNano, pauseNano } = nearest;
  const note = `${msText(BigInt(Math.round(extraNano)))} more than usual, for a pause of ${msText(BigInt(Math.round(pauseNano)))}`;
  return report(this, trace, 'toHaveAmplification', {
    pass: verdict(expected, ratios(-tolerance), ratios(tolerance)),
    must: `at ${hop} have amplified ${what} ${bounds}`,
    expected: bounds,
    actual: `${ratio.toFixed(2)} over ${counted(victims.length, 'victim')}, usual latency ${msText(BigInt(Math.round(usualNano)))}`,
    notes: new Map([[call.view.span.spanId, [note]]]),
  });
}

/** By process and length, which together tell pauses apart, however many spans saw them. */
function longPauses(trace: Trace, toleranceNano: number) {
  const found = new Map<string, { service: string; kind: string; nano: number }>();
  for (const pause of trace.spans.flatMap(pausesOn)) {
    const nano = lengthOf(pause);
    if (nano < toleranceNano) continue;
    const { service, kind } = pause;
    found.set(`${processOf(pause.span)} ${kind} ${nano}`, { service, kind, nano });
  }
  return found;
}

/** Of the whole pause where the event says it, else of what the span saw of it. */
function lengthOf({ durationMs, startUnixNano, endUnixNano }: SeenPause): number {
  return durationMs === null ? Number(endUnixNano - startUnixNano) : durationMs * 1e6;
}

/** The attempts of a call are one, from the first one's start to the last one's end. */
function longestCall(trace: Trace, at: SpanPattern | undefined): Call | null {
  const views = at === undefined ? (trace.root === null ? [] : [trace.root]) : trace.filter(at);
  let longest: Call | null = null;
  for (const view of views) {
    const call = trace.retries.find(({ attempts }) => attempts.includes(view.span));
    const first = call?.attempts[0] ?? view.span;
    const last = call?.attempts.at(-1) ?? view.span;
    const nano = Math.max(0, Number(last.endUnixNano - first.startUnixNano));
    if (longest === null || nano > longest.nano) longest = { view, nano };
  }
  return longest;
}

/** The value that `percentile` of the values do not exceed; between two, their mean. */
function quantile(values: readonly number[], percentile: number): number | null {
  const sorted = Float64Array.from(values).sort();
  const rank = (sorted.length * percentile) / 100;
  const low = sorted[Math.ceil(rank) - 1];
  const high = Number.isInteger(rank) ? sorted[rank] : low;
  return low === undefined ? null : (low + (high ?? low)) / 2;
}

function distance({ extraNano, pauseNano }: Victim, ratio: number): number {
  return Math.abs(extraNano / pauseNano - ratio);
}

/** `low` and `high`: what the ratio is at least, and at most, as far as clocks can tell. */
function verdict(
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: AmplificationExpected,
  low: number,
  high: number,
): boolean | 'undetermined' {
  if (high <= min || low >= max) return false;
  return low >= min && high <= max ? true : 'undetermined';
}

function describe({ min, max }: AmplificationExpected): string {
  const low = min === undefined ? [] : [`at least ${min}`];
  return [...low, ...(max === undefined ? [] : [`at most ${max}`])].join(' and ');
}

function checkExpected({ min, max, percentile = 50 }: AmplificationExpected): void {
  const isBound = (bound: number | undefined) => bound === undefined || Number.isFinite(bound);
  const none = min === undefined && max === undefined;
  if (none || !isBound(min) || !isBound(max) || (min ?? -Infinity) > (max ?? Infinity)) {
    throw new RangeError(
      'toHaveAmplification needs min or max or both, min ≤ max; they are ' +
        `min ${min ?? '(none)'} and max ${max ?? '(none)'}`,
    );
  }
  if (!(percentile > 0 && percentile <= 100)) {
    throw new RangeError(`percentile must be above 0 and at most 100; it is ${percentile}`);
  }
}
