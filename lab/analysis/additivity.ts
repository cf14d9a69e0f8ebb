import type { Mesh } from '../../mesh/mesh.ts';
import { canStayOverloaded } from '../model/retries.ts';
import { attemptsAllowed } from './chain.ts';
import { isControl, type PauseEffect } from './effects.ts';
import { median } from './percentiles.ts';
import type { ServiceLoad } from './serviceLoad.ts';
import type { TierRow } from './tierRows.ts';

/**
 * One pause is additive when no victim waits for longer than without it plus the pause plus the
 * work that piled up meanwhile: latency ≤ baseline's P99.9 + D + λDS + 5 ms, and none failed. S is
 * a request's work at the paused service and at those above, which the backlog passes as a burst.
 *
 * A baseline with one slow moment of its own makes that bound wide enough for anything. So the
 * victims' median has to fit too: beyond what the pause left them to wait, D − (1 − ρ)t, they may
 * take λDS + 5 ms longer than the baseline's median.
 */
export interface Additivity {
  /** Pauses with a victim of their own; the control is not among them. */
  readonly pauses: number;
  readonly below: number;
  /** Whether 9 of 10 stay below and {@link beyond} fits; null without pauses or a baseline. */
  readonly additive: boolean | null;
  /** P99.9 at the client by nearest rank. */
  readonly baselineMs: number | null;
  /** Largest latency of all, and the bound of the pause that it belongs to. */
  readonly largestMs: number | null;
  readonly boundMs: number | null;
  /** Medians over the pauses: what the victims' median took beyond D − (1 − ρ)t, and λDS + 5 ms. */
  readonly beyond: { readonly ms: number; readonly boundMs: number } | null;
  readonly evidence: AdditivityEvidence;
}

/** What can make a pause more than additive, as found; empty lists and zeros when not. */
export interface AdditivityEvidence {
  /** Rows of the tier table whose attempts per request rose by more than 1 %. */
  readonly moreAttempts: readonly {
    readonly services: readonly string[];
    readonly baseline: number;
    readonly pauses: number;
  }[];
  /** Rows whose mean wait for a slot grew. */
  readonly queueWait: readonly {
    readonly services: readonly string[];
    readonly baselineMs: number;
    readonly pausesMs: number;
  }[];
  /** Attempts that timed out in the phase with pauses, over all tiers. */
  readonly timeouts: number;
  readonly failedVictims: number;
  /** Services that retries alone can keep overloaded: ρ · attempts allowed > 1. */
  readonly overload: readonly {
    readonly service: string;
    readonly utilization: number;
    readonly attemptsAllowed: number;
  }[];
}

const slackMs = 5;

export function additivity(
  mesh: Mesh,
  rows: readonly TierRow[],
  effects: readonly PauseEffect[],
  loads: Readonly<Record<string, ServiceLoad>>,
): Additivity {
  const client = rows.find(({ tier }) => tier === 1)?.baseline?.latency;
  const baseline = client?.p999RankMs;
  const baselineMs = typeof baseline === 'number' ? baseline : null;
  const pauses = effects.filter(
    (effect) => !isControl(effect) && effect.largestMs !== null,
  ) as (PauseEffect & { largestMs: number })[];
  const bounds = pauses.map((effect) =>
    baselineMs === null ? null : boundMs(effect, baselineMs, loads[effect.service]),
  );
  const below = pauses.filter(({ largestMs, failed }, index) => {
    const bound = bounds[index] ?? null;
    return bound !== null && largestMs <= bound && failed === 0;
  }).length;
  const beyond = beyondOf(pauses);
  const fits = below >= 0.9 * pauses.length && (beyond === null || beyond.ms <= beyond.boundMs);
  const largestMs = pauses.length > 0 ? Math.max(...pauses.map((one) => one.largestMs)) : null;
  return {
    pauses: pauses.length,
    below,
    additive: pauses.length === 0 || baselineMs === null ? null : fits,
    baselineMs,
    largestMs,
    boundMs: bounds[pauses.findIndex((one) => one.largestMs === largestMs)] ?? null,
    beyond,
    evidence: {
      ...rowEvidence(rows),
      failedVictims: effects.reduce((sum, { failed }) => sum + failed, 0),
      overload: Object.entries(loads).flatMap(([service, { utilization }]) => {
        const attempts = attemptsAllowed(mesh, service);
        return utilization !== null && attempts > 1 && canStayOverloaded(utilization, attempts)
          ? [{ service, utilization, attemptsAllowed: attempts }]
          : [];
      }),
    },
  };
}

function beyondOf(effects: readonly PauseEffect[]): Additivity['beyond'] {
  const ms = median(effects.flatMap(({ beyondMs }) => beyondMs ?? []));
  const expectedMs = median(effects.flatMap(({ expected }) => expected?.beyondMs ?? []));
  return ms === null || expectedMs === null ? null : { ms, boundMs: expectedMs + slackMs };
}

function boundMs(
  { measuredMs }: PauseEffect,
  baselineMs: number,
  load: ServiceLoad | undefined,
): number {
  return baselineMs + measuredMs * (1 + (load?.wayUtilization ?? 0)) + slackMs;
}

function rowEvidence(
  rows: readonly TierRow[],
): Pick<AdditivityEvidence, 'moreAttempts' | 'queueWait' | 'timeouts'> {
  const both = rows.flatMap(({ services, baseline, pauses }) =>
    baseline && pauses ? [{ services, baseline, pauses }] : [],
  );
  return {
    moreAttempts: both.flatMap(({ services, baseline, pauses }) => {
      const [before, during] = [baseline.attemptsPerRequest, pauses.attemptsPerRequest];
      if (before === null || during === null || during <= before * 1.01) return [];
      return [{ services, baseline: before, pauses: during }];
    }),
    queueWait: both.flatMap(({ services, baseline, pauses }) => {
      const [before, during] = [baseline.meanQueueWaitMs, pauses.meanQueueWaitMs];
      if (before === null || during === null || during <= before) return [];
      return [{ services, baselineMs: before, pausesMs: during }];
    }),
    timeouts: rows.reduce((sum, { pauses }) => sum + (pauses?.timeouts ?? 0), 0),
  };
}
