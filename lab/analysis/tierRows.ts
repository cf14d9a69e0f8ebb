import type { PhaseName, Run } from '../run.ts';
import { tiersOf } from './chain.ts';
import { type Percentiles, percentiles } from './percentiles.ts';
import type { CallRecord, Traces } from './records.ts';

/** One tier, or one service of it. */
export interface TierRow {
  /** 1 nearest the client. */
  readonly tier: number;
  readonly services: readonly string[];
  /** null: the phase had no request here. */
  readonly baseline: TierPhase | null;
  readonly pauses: TierPhase | null;
}

export interface TierPhase {
  /** Calls; at tier 1 the intended requests, dropped ones included. */
  readonly requests: number;
  /** Never sent, because too many were open. Tier 1 only. */
  readonly dropped: number;
  /** Calls whose last attempt failed, for whatever reason. */
  readonly errors: number;
  /** Attempts that the caller's own timer ended. */
  readonly timeouts: number;
  readonly attemptsPerRequest: number | null;
  /** At the caller, retries included; a failed call counts with the time until its failure. */
  readonly latency: Percentiles;
  /** The same, a failed call counted as never answered. */
  readonly answered: Percentiles;
  /** Single attempts; null where no call had more than one. */
  readonly attempts: Percentiles | null;
  /** The service's own server spans. */
  readonly handler: Percentiles;
  /** Wait for a slot, mean; null where concurrency is not limited. */
  readonly meanQueueWaitMs: number | null;
}

/** Up to this many services of a tier have a row each; more are taken together. */
const rowsPerTier = 3;

/** Rows in the order of the tiers; services of one tier in the order of the mesh file. */
export function tierRows(run: Run, traces: Traces): TierRow[] {
  const byTier = new Map<number, string[]>();
  for (const [service, tier] of tiersOf(run.mesh)) {
    byTier.set(tier, [...(byTier.get(tier) ?? []), service]);
  }
  return [...byTier].flatMap(([tier, services]) => {
    const rows = services.length > rowsPerTier ? [services] : services.map((name) => [name]);
    return rows.map((names) => ({
      tier,
      services: names,
      baseline: tierPhase(traces, 'baseline', tier, names),
      pauses: tierPhase(traces, 'pauses', tier, names),
    }));
  });
}

function tierPhase(
  traces: Traces,
  phase: PhaseName,
  tier: number,
  services: readonly string[],
): TierPhase | null {
  const requests = traces.requests.filter((request) => request.phase === phase);
  const calls = requests.flatMap((request) =>
    request.calls.filter(({ service }) => services.includes(service)),
  );
  const dropped = tier === 1 ? requests.filter((request) => request.dropped).length : 0;
  if (calls.length + dropped === 0) return null;
  const attempts = calls.flatMap((call) => call.attempts);
  const visits = attempts.map(({ visit }) => visit);
  const waitsMs = visits.flatMap(({ queueWaitMs }) => (queueWaitMs === null ? [] : [queueWaitMs]));
  const never = new Array<number>(dropped).fill(Number.POSITIVE_INFINITY);
  const latencyMs = ({ startMs, endMs }: CallRecord) => endMs - startMs;
  const answeredMs = (call: CallRecord) =>
    call.failed ? Number.POSITIVE_INFINITY : latencyMs(call);
  return {
    requests: calls.length + dropped,
    dropped,
    errors: calls.filter(({ failed }) => failed).length,
    timeouts: attempts.filter(({ timedOut }) => timedOut).length,
    attemptsPerRequest: calls.length > 0 ? attempts.length / calls.length : null,
    latency: percentiles([...calls.map(latencyMs), ...never]),
    answered: percentiles([...calls.map(answeredMs), ...never]),
    attempts:
      attempts.length > calls.length
        ? percentiles(attempts.map(({ startMs, endMs }) => endMs - startMs))
        : null,
    handler: percentiles(
      visits.flatMap(({ handlerMs }) => (handlerMs === null ? [] : [handlerMs])),
    ),
    meanQueueWaitMs:
      waitsMs.length > 0 ? waitsMs.reduce((sum, ms) => sum + ms, 0) / waitsMs.length : null,
  };
}
