import type { Analysis, Result } from '../analysis/analysis.ts';
import type { TierPhase } from '../analysis/tierRows.ts';
import { visibleIfEveryMs } from '../model/percentile.ts';
import {
  differs,
  duration,
  list,
  ms,
  percent,
  quantilesMs,
  quantileWithUnit,
  signedMs,
} from './format.ts';
import type { Sentence } from './sentence.ts';

/** What the client saw of it: P99 and P50, against the prediction. */
export function clientSentence({ analysis }: Result): Sentence {
  const at = (percentile: number) =>
    analysis.change.find((one) => one.tier === 1 && one.percentile === percentile);
  const [p50, p99] = [at(0.5), at(0.99)];
  if (!p50 || !p99) return { tone: 'bad', text: 'No data at the client.' };
  if (p99.baselineMs === null && p99.pausesMs === null) {
    const { baseline, pauses } = analysis.tiers[0] ?? {};
    const slowest = (pauses ?? baseline)?.latency.maxMs ?? null;
    const took = slowest === 'never' ? 'was never answered' : `took *${quantileWithUnit(slowest)}*`;
    return {
      tone: 'plain',
      text: `Too few requests for a P99 at the client; the slowest ${took}.${failures(analysis)}`,
    };
  }
  if (analysis.tiers[0]?.baseline === null) {
    const after = `*${quantileWithUnit(p99.pausesMs)}*`;
    return {
      tone: 'plain',
      text: `P99 at the client with pauses: ${after}. There is no baseline.${failures(analysis)}`,
    };
  }
  if (analysis.tiers[0]?.pauses === null) {
    const before = `*${quantileWithUnit(p99.baselineMs)}*`;
    return {
      tone: 'plain',
      text: `P99 at the client in the baseline: ${before}. Nothing was measured with pauses.${failures(analysis)}`,
    };
  }
  const { changeMs, predictedMs } = p99;
  const off = changeMs !== null && predictedMs !== null && differs(changeMs, predictedMs, 5);
  const predicted = predictedMs === null ? '' : `, predicted *${signedMs(predictedMs)}*`;
  const verdict = off ? `, which is far off${whyOff(analysis)}` : '';
  const rare = predictedMs === 0 ? rarity(analysis) : '';
  const change = changeMs === null ? '' : ` (*${signedMs(changeMs)}*${predicted}${verdict})`;
  return {
    tone: off ? 'bad' : 'plain',
    text:
      `P99 at the client: *${quantilesMs(p99.baselineMs, p99.pausesMs)}*${change}. ` +
      `P50: ${quantilesMs(p50.baselineMs, p50.pausesMs)}.${rare}${failures(analysis)}`,
  };
}

/** Percentiles of a service that fails fast look well: how many failed belongs beside them. */
function failures({ tiers }: Analysis): string {
  const client = tiers[0];
  const share = (phase: TierPhase | null | undefined) =>
    phase ? percent((phase.errors + phase.dropped) / phase.requests) : 'no data';
  const [before, during] = [share(client?.baseline), share(client?.pauses)];
  const isNone = [before, during].every((share) => share === '0 %' || share === 'no data');
  return isNone ? '' : ` Failed: *${before} → ${during}*.`;
}

/** Why the pauses of the first group hide beyond P99. */
function rarity({ groups, services }: Analysis): string {
  const group = groups.find(({ control }) => !control);
  const utilization = group && services[group.service]?.utilization;
  if (!group || utilization == null) return '';
  const pauseMs = group.measuredMs.median;
  const needed = duration(visibleIfEveryMs(0.99, { pauseMs, utilization }));
  return ` Too rare for P99: ${ms(pauseMs)} ms shows there if it comes every ${needed} or sooner.`;
}

/** What can set P99 apart from the prediction, which knows of nothing but the pause's own queue. */
function whyOff({ tiers, groups, additivity }: Analysis): string {
  if (additivity.additive === false) return ', for the reasons below';
  const { baseline, pauses } = tiers[0] ?? {};
  const reasons: string[] = [];
  if (pauses && pauses.errors > 0.005 * pauses.requests) reasons.push('failures end early');
  const [p50, p99] = [baseline?.latency.p50Ms, baseline?.latency.p99Ms];
  if (typeof p50 === 'number' && typeof p99 === 'number' && p99 > 4 * p50) {
    reasons.push('the baseline has a tail of its own');
  }
  const bursts = groups.filter(
    ({ beyondMs, measuredMs }) => (beyondMs.median ?? 0) > 0.1 * measuredMs.median,
  );
  if (bursts.length > 0) reasons.push('the burst after a pause adds to it');
  return reasons.length > 0 ? `: ${list(reasons)}` : '';
}
