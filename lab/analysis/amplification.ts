import type { PauseCase } from './effects.ts';
import { median } from './percentiles.ts';
import type { TierRow } from './tierRows.ts';

/** Extra latency of victims at a tier, divided by the measured length of their pause. */
export interface Amplification {
  readonly tier: number;
  readonly services: readonly string[];
  /** Victims of one pause alone that have a latency at this tier. */
  readonly victims: number;
  /** Pauses that these are victims of. */
  readonly pauses: number;
  /** Whether there were the ten pauses that the figure wants. */
  readonly enough: boolean;
  readonly median: number | null;
  readonly max: number | null;
}

export const pausesWanted = 10;

/**
 * Per row of the tier table: (latency at the tier − the baseline's P50 there) / D over the victims.
 * Where a request called the tier more than once, its longest call counts; a failed one counts with
 * the time until its failure.
 */
export function amplification(
  rows: readonly TierRow[],
  cases: readonly PauseCase[],
): Amplification[] {
  return rows.map(({ tier, services, baseline }) => {
    const usualMs = baseline?.latency.p50Ms;
    const ratios: number[] = [];
    let pauses = 0;
    for (const { pause, own } of cases) {
      const before = ratios.length;
      for (const { calls } of own) {
        const here = calls.filter(({ service }) => services.includes(service));
        if (here.length === 0 || typeof usualMs !== 'number') continue;
        const latencyMs = Math.max(...here.map(({ startMs, endMs }) => endMs - startMs));
        ratios.push((latencyMs - usualMs) / pause.measuredMs);
      }
      if (ratios.length > before) pauses++;
    }
    return {
      tier,
      services,
      victims: ratios.length,
      pauses,
      enough: pauses >= pausesWanted,
      median: median(ratios),
      max: ratios.length > 0 ? Math.max(...ratios) : null,
    };
  });
}
