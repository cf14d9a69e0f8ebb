import type { BlameCause } from '../blame.ts';
import { hasFailed } from '../failure.ts';
import { serviceOf } from '../service.ts';
import type { SpanKind } from '../span.ts';
import type { Trace } from '../trace.ts';
import type { SpanNode } from '../tree.ts';
import { hopKey, targetOf, withoutIds } from './hop.ts';
import { type QuantileInterval, quantileInterval, shareInterval } from './quantileInterval.ts';

/** A hop of many traces: the spans of one service, name and kind in one place, with one target. */
export interface Hop {
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Whom it calls; empty where it is not known, or no call. */
  readonly target: string;
  readonly depth: number;
}

/** What of a hop is beyond noise between two sets of traces. */
export type Finding =
  | {
      /** Its time on the critical path, a trace; with a cause, what of it that cause took. */
      readonly what: 'time';
      readonly cause: BlameCause | null;
      readonly quantile: number;
      readonly a: QuantileInterval;
      readonly b: QuantileInterval;
    }
  | {
      /** The share of traces that have it, in which a call failed, or was made more than once. */
      readonly what: 'present' | 'failed' | 'repeated';
      readonly a: number;
      readonly b: number;
    };

export interface SetHopDiff {
  readonly hop: Hop;
  /** Traces that have it. */
  readonly traces: { readonly a: number; readonly b: number };
  /** In milliseconds on the critical path, a trace that has it; null: none has. */
  readonly p50Ms: { readonly a: number | null; readonly b: number | null };
  readonly p99Ms: { readonly a: number | null; readonly b: number | null };
  readonly findings: readonly Finding[];
}

export interface SetDiff {
  readonly traces: { readonly a: number; readonly b: number };
  /** Of whole traces. */
  readonly whole: Pick<SetHopDiff, 'p50Ms' | 'p99Ms' | 'findings'>;
  /** Those with findings; the largest difference of a median or P99 first. */
  readonly hops: readonly SetHopDiff[];
  /** Hops of which nothing is beyond noise. */
  readonly alike: number;
}

export interface SetDiffOptions {
  /** Times that are closer are the same. Default: 1. */
  readonly toleranceMs?: number;
}

/** What is known of a hop in one set; a value a trace that has it. */
interface Sample {
  readonly hop: Hop;
  readonly pathMs: number[];
  readonly byCause: Map<BlameCause, number[]>;
  failed: number;
  repeated: number;
}

interface HopOfTrace {
  readonly hop: Hop;
  readonly ids: Set<string>;
  calls: number;
  failed: boolean;
}

/** A number for each way from a root down to a hop. */
type Ways = Map<string, number>;

const quantiles = [0.5, 0.99];

/**
 * What differs between two sets of traces, hop by hop, beyond noise: of a median, a P99 or a share
 * both sets' intervals (99 % each: order statistics, Wilson's) must lie apart, times by more than
 * the tolerance. The intervals suppose that traces do not depend on one another: where few pauses
 * hit many requests at once, P99s are less sure than that.
 */
export function diffTraceSets(
  a: readonly Trace[],
  b: readonly Trace[],
  { toleranceMs = 1 }: SetDiffOptions = {},
): SetDiff {
  const ways: Ways = new Map();
  const [inA, inB] = [samplesOf(a, ways), samplesOf(b, ways)];
  const hops: SetHopDiff[] = [];
  let alike = 0;
  for (const key of new Set([...inA.keys(), ...inB.keys()])) {
    const [x, y] = [inA.get(key), inB.get(key)];
    const { hop } = (x ?? y) as Sample;
    const [timesA, timesB] = [rising(x?.pathMs), rising(y?.pathMs)];
    const traces = { a: timesA.length, b: timesB.length };
    const findings: Finding[] = [
      ...timeFindings(null, timesA, timesB, toleranceMs),
      ...causeFindings(x, y, toleranceMs),
      ...shareFinding('present', [traces.a, a.length], [traces.b, b.length]),
      ...shareFinding('failed', [x?.failed ?? 0, traces.a], [y?.failed ?? 0, traces.b]),
      ...shareFinding('repeated', [x?.repeated ?? 0, traces.a], [y?.repeated ?? 0, traces.b]),
    ];
    if (findings.length === 0) alike++;
    else hops.push({ hop, traces, ...figures(timesA, timesB), findings });
  }
  const [wholeA, wholeB] = [a, b].map((set) => rising(set.map((each) => toMs(each.durationNano))));
  return {
    traces: { a: a.length, b: b.length },
    whole: {
      ...figures(wholeA ?? [], wholeB ?? []),
      findings: timeFindings(null, wholeA ?? [], wholeB ?? [], toleranceMs),
    },
    hops: hops.sort((x, y) => largest(y) - largest(x)),
    alike,
  };
}

function samplesOf(traces: readonly Trace[], ways: Ways): ReadonlyMap<number, Sample> {
  const samples = new Map<number, Sample>();
  for (const trace of traces) {
    const hopOf = new Map<string, number>();
    const hops = hopsOf(trace, hopOf, ways);
    const times = new Map<number, Map<BlameCause, number>>();
    for (const { span, cause, startUnixNano, endUnixNano } of trace.blameSections) {
      const key = hopOf.get(span.spanId) as number;
      const causes = times.get(key) ?? new Map<BlameCause, number>();
      causes.set(cause, (causes.get(cause) ?? 0) + toMs(endUnixNano - startUnixNano));
      times.set(key, causes);
    }
    for (const [key, { hop, calls, failed }] of hops) {
      let sample = samples.get(key);
      if (sample === undefined) {
        sample = { hop, pathMs: [], byCause: new Map(), failed: 0, repeated: 0 };
        samples.set(key, sample);
      }
      const causes = times.get(key) ?? new Map<BlameCause, number>();
      for (const [cause, ms] of causes) {
        const list = sample.byCause.get(cause);
        if (list) list.push(ms);
        else sample.byCause.set(cause, [ms]);
      }
      sample.pathMs.push([...causes.values()].reduce((sum, ms) => sum + ms, 0));
      if (failed) sample.failed++;
      if (calls > 1) sample.repeated++;
    }
  }
  return samples;
}

/** @param hopOf takes in the hop of each span, by its id. */
function hopsOf(
  trace: Trace,
  hopOf: Map<string, number>,
  ways: Ways,
): ReadonlyMap<number, HopOfTrace> {
  const hops = new Map<number, HopOfTrace>();
  const waiting: { node: SpanNode; above: number; depth: number }[] = trace.roots
    .map((node) => ({ node, above: -1, depth: 0 }))
    .reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, above, depth } = next;
    const { span } = node;
    const target = targetOf(node);
    const way = `${above} ${hopKey(node)} ${target}`;
    const key = ways.get(way) ?? ways.size;
    ways.set(way, key);
    hopOf.set(span.spanId, key);
    const known = hops.get(key);
    // Below one span: alike calls of several parents are no repetition.
    const isAgain = known?.ids.has(span.parentSpanId) === true;
    if (known === undefined) {
      const name = withoutIds(span.name);
      const hop = { service: serviceOf(span), name, kind: span.kind, target, depth };
      const ids = new Set([span.parentSpanId]);
      hops.set(key, { hop, ids, calls: 1, failed: hasFailed(span) });
    } else {
      known.ids.add(span.parentSpanId);
      if (isAgain) known.calls++;
      known.failed ||= hasFailed(span);
    }
    for (const child of node.children) waiting.push({ node: child, above: key, depth: depth + 1 });
  }
  return hops;
}

function timeFindings(
  cause: BlameCause | null,
  sortedA: readonly number[],
  sortedB: readonly number[],
  toleranceMs: number,
): Finding[] {
  if (sortedA.length === 0 || sortedB.length === 0) return [];
  return quantiles.flatMap((quantile) => {
    const [a, b] = [quantileInterval(sortedA, quantile), quantileInterval(sortedB, quantile)];
    const apart = b.low - a.high > toleranceMs || a.low - b.high > toleranceMs;
    return apart ? [{ what: 'time' as const, cause, quantile, a, b }] : [];
  });
}

/** Where a trace spent nothing by a cause, it spent no time. */
function causeFindings(
  a: Sample | undefined,
  b: Sample | undefined,
  toleranceMs: number,
): Finding[] {
  if (a === undefined || b === undefined) return [];
  const sorted = ({ byCause, pathMs }: Sample, cause: BlameCause) => {
    const some = byCause.get(cause) ?? [];
    return rising([...Array<number>(pathMs.length - some.length).fill(0), ...some]);
  };
  return [...new Set([...a.byCause.keys(), ...b.byCause.keys()])].flatMap((cause) =>
    timeFindings(cause, sorted(a, cause), sorted(b, cause), toleranceMs),
  );
}

function shareFinding(
  what: 'present' | 'failed' | 'repeated',
  [partA, wholeA]: readonly [number, number],
  [partB, wholeB]: readonly [number, number],
): Finding[] {
  if (wholeA === 0 || wholeB === 0) return [];
  const [a, b] = [shareInterval(partA, wholeA), shareInterval(partB, wholeB)];
  const apart = a.high < b.low || b.high < a.low;
  return apart ? [{ what, a: partA / wholeA, b: partB / wholeB }] : [];
}

function figures(
  sortedA: readonly number[],
  sortedB: readonly number[],
): Pick<SetHopDiff, 'p50Ms' | 'p99Ms'> {
  const at = (sorted: readonly number[], quantile: number) =>
    sorted.length === 0 ? null : quantileInterval(sorted, quantile).value;
  return {
    p50Ms: { a: at(sortedA, 0.5), b: at(sortedB, 0.5) },
    p99Ms: { a: at(sortedA, 0.99), b: at(sortedB, 0.99) },
  };
}

/** Of the differences found, in milliseconds; of shares, less than any time. */
function largest({ findings }: SetHopDiff): number {
  return Math.max(
    ...findings.map((each) =>
      each.what === 'time'
        ? Math.abs(each.b.value - each.a.value)
        : Math.abs(each.b - each.a) / 1e3,
    ),
  );
}

function rising(values: readonly number[] = []): number[] {
  return values.toSorted((a, b) => a - b);
}

function toMs(nano: bigint): number {
  return Number(nano) / 1e6;
}
