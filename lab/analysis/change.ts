import type { Mesh } from '../../mesh/mesh.ts';
import { extraAtPercentileOfManyMs } from '../model/percentile.ts';
import { upstreamOf } from './chain.ts';
import type { PauseCase } from './effects.ts';
import { isControl } from './effects.ts';
import type { Quantile } from './percentiles.ts';
import type { ServiceLoad } from './serviceLoad.ts';
import type { TierRow } from './tierRows.ts';

/** How far a percentile of a row of the tier table moved. Times in milliseconds. */
export interface PercentileChange {
  readonly tier: number;
  readonly services: readonly string[];
  /** 0.5, 0.99 or 0.999 */
  readonly percentile: number;
  readonly baselineMs: Quantile;
  readonly pausesMs: Quantile;
  /** null unless both are times. */
  readonly changeMs: number | null;
  /**
   * max(0, D − (1 − p)T(1 − ρ)), for the pauses that struck. null for a row that the paused
   * service is not below, or without what the formula needs (ρ < 1 among it).
   */
  readonly predictedMs: number | null;
  /** T: measured load time per pause. The change depends on it. */
  readonly everyMs: number | null;
}

const kept = [
  { percentile: 0.5, key: 'p50Ms' },
  { percentile: 0.99, key: 'p99Ms' },
  { percentile: 0.999, key: 'p999Ms' },
] as const;

export function percentileChanges(
  mesh: Mesh,
  rows: readonly TierRow[],
  cases: readonly PauseCase[],
  loads: Readonly<Record<string, ServiceLoad>>,
  windowMs: number | null,
): PercentileChange[] {
  const pauses = cases.map(({ pause }) => pause).filter((pause) => !isControl(pause));
  const paused = [...new Set(pauses.map(({ service }) => service))];
  const felt = paused.map((service) => upstreamOf(mesh, service));
  const weights = pauses.flatMap(({ service, measuredMs }) => {
    const utilization = loads[service]?.utilization ?? null;
    return utilization === null || utilization >= 1 ? [] : [{ pauseMs: measuredMs, utilization }];
  });
  return rows.flatMap(({ tier, services, baseline, pauses: during }) =>
    kept.map(({ percentile, key }): PercentileChange => {
      const baselineMs = baseline?.latency[key] ?? null;
      const pausesMs = during?.latency[key] ?? null;
      const known = windowMs !== null && pauses.length > 0 && weights.length === pauses.length;
      const below = services.every((service) => felt.every((upstream) => upstream.has(service)));
      const bothTimes = typeof baselineMs === 'number' && typeof pausesMs === 'number';
      return {
        tier,
        services,
        percentile,
        baselineMs,
        pausesMs,
        changeMs: bothTimes ? pausesMs - baselineMs : null,
        predictedMs:
          known && below ? extraAtPercentileOfManyMs(percentile, weights, windowMs) : null,
        everyMs: windowMs !== null && pauses.length > 0 ? windowMs / pauses.length : null,
      };
    }),
  );
}
