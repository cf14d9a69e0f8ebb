import type { Span } from '../../traces/span.ts';
import type { Analysis } from '../analysis/analysis.ts';
import { isControl, type PauseCase, pauseCases } from '../analysis/effects.ts';
import type { RequestRecord, Traces } from '../analysis/records.ts';
import { readTraces } from '../analysis/traces.ts';
import { extraWaitMs } from '../model/pause.ts';
import { latencyWithPausesMs } from '../model/percentile.ts';
import type { PhaseName, Run } from '../run.ts';
import { rowName } from './rowName.ts';
import { thin } from './thin.ts';

/** What the charts of the page draw. Times of the run in seconds, latencies in milliseconds. */
export interface PageData {
  readonly scatters: readonly Scatter[];
  readonly pauses: readonly { readonly fromS: number; readonly toS: number }[];
  /** Where the pauses phase begins; null without one. */
  readonly pausesFromS: number | null;
  readonly fold: Fold | null;
  readonly curve: Curve;
}

/** Points in the order of time. */
export interface Scatter {
  readonly name: string;
  readonly timesS: readonly number[];
  readonly latenciesMs: readonly number[];
  /** 0: an ordinary request, 1: a victim, 2: a failed one. */
  readonly states: readonly number[];
  /** Of how many points these were taken. */
  readonly outOf: number;
}

/** All pauses laid over one another: latency against the time since the pause began. */
export interface Fold {
  readonly sinceMs: readonly number[];
  readonly latenciesMs: readonly number[];
  readonly states: readonly number[];
  /** Mean D. */
  readonly pauseMs: number;
  /** Baseline's median + D − (1 − ρ)t; empty if the baseline could not tell ρ. */
  readonly predicted: readonly (readonly [sinceMs: number, latencyMs: number])[];
}

/** Latency at the client by percentile; positions are −log₁₀(1 − p). */
export interface Curve {
  readonly positions: readonly number[];
  readonly baselineMs: readonly (number | null)[];
  readonly pausesMs: readonly (number | null)[];
  readonly predictedMs: readonly (number | null)[];
}

/** Points in all scatters together; beyond it they are thinned. */
const mostPoints = 50_000;

export function pageData(
  run: Run,
  analysis: Analysis,
  spans: Iterable<Span>,
): { readonly data: PageData; readonly traces: Traces; readonly cases: readonly PauseCase[] } {
  const traces = readTraces(run, spans);
  const cases = pauseCases(run, traces, analysis.services);
  const victims = new Set(cases.flatMap((one) => [...one.victims.hit, ...one.victims.queued]));
  const measured = traces.requests.filter(({ phase }) => phase !== 'warmup');
  const during = measured.find(({ phase }) => phase === 'pauses');
  const data: PageData = {
    scatters: scatters(run, analysis, measured, victims),
    pauses: cases.map(({ pause }) => ({
      fromS: pause.startMs / 1000,
      toS: pause.endMs / 1000,
    })),
    pausesFromS: during ? during.intendedMs / 1000 : null,
    fold: fold(analysis, measured, cases, victims),
    curve: curve(analysis, measured, cases),
  };
  return { data, traces, cases };
}

function stateOf(failed: boolean, victim: boolean): number {
  if (failed) return 2;
  return victim ? 1 : 0;
}

function scatters(
  run: Run,
  { tiers }: Analysis,
  requests: readonly RequestRecord[],
  victims: ReadonlySet<RequestRecord>,
): Scatter[] {
  return tiers.map((row) => {
    const points = requests.flatMap((request) =>
      request.calls
        .filter(({ service }) => row.services.includes(service))
        .map(({ startMs, endMs, failed }) => ({
          timeS: startMs / 1000,
          latencyMs: endMs - startMs,
          state: stateOf(failed, victims.has(request)),
        })),
    );
    const largestMs = points.reduce((largest, { latencyMs }) => Math.max(largest, latencyMs), 0);
    const shown = thin(
      points.sort((a, b) => a.timeS - b.timeS),
      Math.floor(mostPoints / tiers.length),
      ({ state, latencyMs }) => state !== 0 || latencyMs === largestMs,
    );
    return {
      name: rowName(row, run.mesh.name),
      timesS: shown.map(({ timeS }) => round(timeS, 4)),
      latenciesMs: shown.map(({ latencyMs }) => round(latencyMs, 2)),
      states: shown.map(({ state }) => state),
      outOf: points.length,
    };
  });
}

function fold(
  { services, tiers }: Analysis,
  requests: readonly RequestRecord[],
  cases: readonly PauseCase[],
  victims: ReadonlySet<RequestRecord>,
): Fold | null {
  const pauses = cases.map(({ pause }) => pause).filter((pause) => !isControl(pause));
  const first = pauses[0];
  if (!first) return null;
  const pauseMs = pauses.reduce((sum, { measuredMs }) => sum + measuredMs, 0) / pauses.length;
  const utilization = services[first.service]?.utilization ?? null;
  const wholeMs = pauseMs / (1 - Math.min(utilization ?? 0, 0.8));
  const points = pauses.flatMap(({ startMs }) =>
    requests
      .filter(({ intendedMs, dropped }) => {
        const sinceMs = intendedMs - startMs;
        return !dropped && sinceMs > -pauseMs && sinceMs < 1.5 * wholeMs + 50;
      })
      .map((request) => ({
        sinceMs: round(request.intendedMs - startMs, 2),
        latencyMs: round(request.latencyMs, 2),
        state: stateOf(request.failed, victims.has(request)),
      })),
  );
  points.sort((a, b) => a.sinceMs - b.sinceMs);
  const usualMs = tiers[0]?.baseline?.latency.p50Ms;
  const predicted =
    utilization === null || utilization >= 1 || typeof usualMs !== 'number'
      ? []
      : [-pauseMs, -0.001, 0, pauseMs / (1 - utilization), 1.5 * wholeMs + 50].map(
          (sinceMs) =>
            [round(sinceMs, 3), usualMs + extraWaitMs({ pauseMs, utilization }, sinceMs)] as const,
        );
  return {
    sinceMs: points.map(({ sinceMs }) => sinceMs),
    latenciesMs: points.map(({ latencyMs }) => latencyMs),
    states: points.map(({ state }) => state),
    pauseMs,
    predicted,
  };
}

function curve(
  { services, change }: Analysis,
  requests: readonly RequestRecord[],
  cases: readonly PauseCase[],
): Curve {
  const sorted = (wanted: PhaseName) =>
    Float64Array.from(
      requests.filter(({ phase }) => phase === wanted),
      ({ latencyMs }) => latencyMs,
    ).sort();
  const [baseline, during] = [sorted('baseline'), sorted('pauses')];
  const most = Math.max(baseline.length, during.length, 10);
  const positions = Array.from({ length: 241 }, (_, i) => round((i / 240) * Math.log10(most), 4));
  const at = (values: Float64Array, position: number) => {
    // Nothing is known of a percentile beyond the largest of the samples.
    if (values.length === 0 || position > Math.log10(values.length) + 1e-3) return null;
    const rank = Math.ceil(values.length * (1 - 10 ** -position) - 1e-6);
    const value = values[Math.max(0, rank - 1)] ?? null;
    return value === null || !Number.isFinite(value) ? null : round(value, 2);
  };
  const pauses = cases.map(({ pause }) => pause).filter((pause) => !isControl(pause));
  const weights = pauses.flatMap(({ service, measuredMs }) => {
    const utilization = services[service]?.utilization ?? null;
    return utilization === null ? [] : [{ pauseMs: measuredMs, utilization }];
  });
  const everyMs = change[0]?.everyMs ?? null;
  const known = everyMs !== null && weights.length > 0 && weights.length === pauses.length;
  // A few hundred quantiles stand for the whole baseline.
  const quantiles = Math.min(300, baseline.length);
  const likely = Array.from({ length: quantiles }, (_, i) => {
    return baseline[Math.floor(((i + 0.5) / quantiles) * baseline.length)] ?? 0;
  }).filter(Number.isFinite);
  return {
    positions,
    baselineMs: positions.map((position) => at(baseline, position)),
    pausesMs: positions.map((position) => at(during, position)),
    predictedMs: positions.map((position) => {
      if (!known || likely.length === 0 || position === 0 || position > Math.log10(during.length))
        return null;
      const p = 1 - 10 ** -position;
      const latencyMs = latencyWithPausesMs(p, likely, weights, everyMs * pauses.length);
      return Number.isFinite(latencyMs) ? round(latencyMs, 2) : null;
    }),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
