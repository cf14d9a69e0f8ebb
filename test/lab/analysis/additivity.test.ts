import { expect, test } from 'vitest';
import { additivity } from '../../../lab/analysis/additivity.ts';
import { analyse } from '../../../lab/analysis/analysis.ts';
import type { PauseEffect } from '../../../lab/analysis/effects.ts';
import type { TierRow } from '../../../lab/analysis/tierRows.ts';
import { syntheticRun } from '../syntheticRun.ts';

const { run, spans } = syntheticRun({ baselineMs: 10_000, pausesMs: 30_000 });
const { tiers, services, pauses } = analyse(run, spans);

/** The client's baseline with another P99.9. */
function withBaseline(p999RankMs: number): TierRow[] {
  return tiers.map((row) =>
    row.tier !== 1 || row.baseline === null
      ? row
      : { ...row, baseline: { ...row.baseline, latency: { ...row.baseline.latency, p999RankMs } } },
  );
}

/** The pauses, with victims that took that much longer. */
function longer(ms: number): PauseEffect[] {
  return pauses.map((effect) => ({
    ...effect,
    largestMs: effect.largestMs && effect.largestMs + ms,
    beyondMs: effect.beyondMs && effect.beyondMs + ms,
  }));
}

test.each([
  { when: 'nothing is changed', baselineMs: 5, longerMs: 0, keeps: true, want: true },
  { when: 'all victims took longer', baselineMs: 5, longerMs: 200, keeps: false, want: false },
  {
    when: 'all took longer, though not than the slowest moment of the baseline',
    baselineMs: 500,
    longerMs: 200,
    keeps: true,
    want: false,
  },
])('additivity() says $want when $when', ({ baselineMs, longerMs, keeps, want }) => {
  const result = additivity(run.mesh, withBaseline(baselineMs), longer(longerMs), services);
  expect(result.pauses).toBeGreaterThan(5);
  expect(result.below >= 0.9 * result.pauses).toBe(keeps);
  expect(result.additive).toBe(want);
});
