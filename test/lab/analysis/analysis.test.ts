import { describe, expect, test } from 'vitest';
import { type Analysis, analyse } from '../../../lab/analysis/analysis.ts';
import type { Run } from '../../../lab/run.ts';
import { type SyntheticOptions, syntheticRun } from '../syntheticRun.ts';

function analysisOf(options: SyntheticOptions = {}): Analysis {
  const { run, spans } = syntheticRun(options);
  return analyse(run, spans);
}

/** Every `stepMs`, from `fromMs` on. */
const regular = (count: number, stepMs: number, fromMs = 0) =>
  Array.from({ length: count }, (_, i) => fromMs + i * stepMs);

describe('analyse() of 50 pauses of 120 ms in the last of three services', () => {
  const analysis = analysisOf({ baselineMs: 30_000, pausesMs: 150_000 });
  const { groups, tiers, change, additivity, services } = analysis;
  const [group] = groups;

  test('measures what the formulas need in the baseline', () => {
    const user = services.user;
    expect(user?.cpuMsPerRequest).toBeCloseTo(1.5, 9);
    expect(user?.requestsPerSecond).toBeGreaterThan(97);
    expect(user?.requestsPerSecond).toBeLessThan(103);
    expect(user?.utilization).toBeCloseTo(0.0015 * (user?.requestsPerSecond ?? 0), 9);
    expect(user?.usualBeginMs).toBeCloseTo(0.3, 3);
    expect(user?.slotUtilization).toBeNull();
  });

  test('counts victims within 10 % of the expectation', () => {
    expect(group).toMatchObject({ service: 'user', kind: 'block', pauses: 50, control: false });
    expect(group?.victims).toBe((group?.hit ?? 0) + (group?.queued ?? 0));
    expect(group?.victimRatio).toBeGreaterThan(0.9);
    expect(group?.victimRatio).toBeLessThan(1.1);
  });

  test('finds every tier to lose about D/2 at the median and D at most, as one pause does', () => {
    for (const { median, max, enough } of group?.amplification ?? []) {
      expect(enough).toBe(true);
      expect(median).toBeGreaterThan(0.4);
      expect(median).toBeLessThan(0.6);
      expect(max).toBeGreaterThan(0.95);
      expect(max).toBeLessThan(1.15);
    }
    expect(group?.amplification).toHaveLength(3);
  });

  test('sees P99 move as predicted, and P50 not at all', () => {
    const client = change.filter(({ tier }) => tier === 1);
    expect(client.map(({ percentile }) => percentile)).toEqual([0.5, 0.99, 0.999]);
    expect(client[0]?.changeMs).toBeLessThan(0.5);
    expect(client[0]?.predictedMs).toBe(0);
    const ratio = (client[1]?.changeMs ?? 0) / (client[1]?.predictedMs ?? 0);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
    expect(client[1]?.everyMs).toBeCloseTo(3000, -2);
  });

  test('says that a pause is additive', () => {
    expect(additivity).toMatchObject({
      pauses: 50,
      below: 50,
      additive: true,
    });
    expect(additivity.evidence).toEqual({
      moreAttempts: [],
      queueWait: [],
      timeouts: 0,
      failedVictims: 0,
      overload: [],
    });
  });

  test('shows the paused service’s handler as innocent', () => {
    const user = tiers[2];
    expect(user?.pauses?.latency.p99Ms).toBeGreaterThan(80);
    expect(user?.pauses?.handler.p99Ms).toBeLessThan(2);
  });
});

test('analyse() counts hit and queued exactly where nothing is left to chance', () => {
  const { groups, pauses } = analysisOf({
    serviceMs: 4,
    networkMs: 0,
    arrivalsMs: { baseline: regular(1200, 10), pauses: regular(200, 10, 1) },
    pausesMs: 2000,
    pauseStartsMs: [1000],
  });
  // Sent a millisecond after each tenth one, and a millisecond of gateway and auth later at user.
  expect(pauses).toMatchObject([{ hit: 12, queued: 8, drainMs: 76, shared: 0, failed: 0 }]);
  expect(groups[0]?.expected?.hit).toBeCloseTo(0.1 * (120 + 4), 1);
  expect(groups[0]?.expected?.queued).toBeCloseTo((0.1 * 120 * 0.4) / 0.6, 1);
  expect(groups[0]?.drainMs.expected).toBeCloseTo(80, 0);
});

test('analyse() counts victims of two pauses with both, and leaves them out of extra/D', () => {
  const { pauses, groups } = analysisOf({ pausesMs: 5000, pauseStartsMs: [1000, 1130] });
  expect(pauses.map(({ drainCut }) => drainCut)).toEqual([true, false]);
  const [first, second] = pauses;
  expect(first?.shared).toBeGreaterThan(0);
  expect(second?.shared).toBe(first?.shared);
  expect(groups[0]?.shared).toBe(2 * (first?.shared ?? 0));
  const own = (groups[0]?.victims ?? 0) - (groups[0]?.shared ?? 0);
  expect(groups[0]?.amplification[0]?.victims).toBe(own);
  expect(groups[0]?.amplification[0]).toMatchObject({ pauses: 2, enough: false });
});

test('analyse() finds retries and time-outs as the reasons why pauses do not just add', () => {
  const { additivity, tiers } = analysisOf({
    timeoutMs: 60,
    retries: 2,
    serviceMs: 4,
    pausesMs: 30_000,
  });
  expect(additivity.additive).toBe(false);
  const { moreAttempts, timeouts, failedVictims, overload } = additivity.evidence;
  expect(moreAttempts.map(({ services }) => services)).toEqual([['user']]);
  expect(timeouts).toBeGreaterThan(0);
  expect(failedVictims).toBeGreaterThan(0);
  expect(overload).toMatchObject([{ service: 'user', attemptsAllowed: 3 }]);
  const user = tiers[2]?.pauses;
  expect(user?.attemptsPerRequest).toBeGreaterThan(1.01);
  expect(user?.attempts?.samples).toBeGreaterThan(user?.requests ?? 0);
  expect(user?.attempts?.maxMs).toBeLessThanOrEqual(60.001);
  expect(user?.timeouts).toBe(timeouts);
});

test('analyse() takes slots for the utilisation where concurrency is limited', () => {
  const { services, tiers, groups } = analysisOf({ concurrency: 1, serviceMs: 4 });
  const rate = services.user?.requestsPerSecond ?? 0;
  expect(services.user?.slotUtilization).toBeCloseTo(0.004 * rate, 6);
  expect(services.user?.utilization).toBe(services.user?.slotUtilization);
  expect(tiers[2]?.pauses?.meanQueueWaitMs).toBeGreaterThan(
    tiers[2]?.baseline?.meanQueueWaitMs ?? Number.POSITIVE_INFINITY,
  );
  expect(groups[0]?.victimRatio).toBeGreaterThan(0.75);
});

test('analyse() expects nothing, and predicts nothing, of a service that is overloaded anyway', () => {
  const { services, groups, change } = analysisOf({ serviceMs: 12, pausesMs: 6000 });
  expect(services.user?.utilization).toBeGreaterThan(1);
  expect(groups[0]).toMatchObject({ expected: null, victimRatio: null });
  expect(change[1]?.predictedMs).toBeNull();
});

test('analyse() expects nothing of the control, in which nothing stands still', () => {
  const { groups, additivity, change } = analysisOf({ kind: 'delay' });
  expect(groups).toMatchObject([{ kind: 'delay', control: true, expected: null }]);
  expect(groups[0]?.amplification[0]?.median).toBeLessThan(0.02);
  expect(additivity).toMatchObject({ pauses: 0, additive: null });
  expect(change[1]?.predictedMs).toBeNull();
});

test('analyse() counts dropped requests as never answered, at the client only', () => {
  const { tiers } = analysisOf({ baselineMs: 0, pausesMs: 10_000, dropped: 20 });
  const [client, auth] = tiers;
  expect(client?.pauses).toMatchObject({ dropped: 20, errors: 0 });
  expect(client?.pauses?.latency.p99Ms).toBe('never');
  expect(client?.pauses?.handler.samples).toBe((client?.pauses?.requests ?? 0) - 20);
  expect(auth?.pauses?.dropped).toBe(0);
});

test('analyse() of failures only: times until the failure, and never answered', () => {
  const { tiers, additivity } = analysisOf({ timeoutMs: 0.5, pausesMs: 12_000 });
  for (const row of tiers) {
    expect(row.pauses?.errors).toBe(row.pauses?.requests);
    expect(row.pauses?.latency.p50Ms).toBeGreaterThan(0);
    expect(row.pauses?.answered).toMatchObject({ p50Ms: 'never', p99Ms: 'never', maxMs: 'never' });
  }
  expect(additivity.additive).toBe(false);
});

test('analyse() without pauses has no groups, and predicts nothing', () => {
  const { groups, pauses, change, additivity } = analysisOf({ pauseStartsMs: [] });
  expect([groups, pauses]).toEqual([[], []]);
  expect(change.every(({ predictedMs, everyMs }) => predictedMs === null && everyMs === null)).toBe(
    true,
  );
  expect(additivity).toMatchObject({ pauses: 0, additive: null });
});

test('analyse() without a baseline counts victims, and has no data on what depends on it', () => {
  const { services, groups, additivity, tiers, change } = analysisOf({ baselineMs: 0 });
  expect(services.user).toMatchObject({ requestsPerSecond: null, timeInProcessMs: null });
  expect(services.user?.utilization).toBeNull();
  expect(groups[0]?.victims).toBeGreaterThan(0);
  expect(groups[0]).toMatchObject({ expected: null, victimRatio: null });
  expect(groups[0]?.lostRequestMs.mean).toBeNull();
  expect(groups[0]?.amplification[0]).toMatchObject({ median: null, max: null, victims: 0 });
  expect(additivity.additive).toBeNull();
  expect(tiers[0]?.baseline).toBeNull();
  expect(change[1]).toMatchObject({ changeMs: null, predictedMs: null });
});

test('analyse() of no spans at all has no data rather than zeros', () => {
  const { run } = syntheticRun();
  const { tiers, services, groups, trouble } = analyse(run, []);
  expect(tiers.map(({ baseline, pauses }) => [baseline, pauses])).toEqual([
    [null, null],
    [null, null],
    [null, null],
  ]);
  expect(services.user?.requestsPerSecond).toBeNull();
  expect(groups).toEqual([]);
  const intended = run.phases.reduce((sum, { load }) => sum + load.intended, 0);
  expect(trouble.requestsWithoutTrace).toBe(intended);
});

test('analyse() of a run that never began its phases still gives an analysis', () => {
  const run: Run = { ...syntheticRun().run, phases: [], spans: {}, collector: null };
  expect(analyse(run, []).trouble.generator).toEqual([]);
});

test('analyse() leaves out pauses that struck while no measured load ran, and says how many', () => {
  const { trouble, pauses } = analysisOf({
    pausesMs: 3000,
    pauseStartsMs: [-5000, 1000, 9000],
  });
  expect(pauses).toHaveLength(1);
  expect(trouble.pausesOutside).toBe(2);
});

test('analyse() does not depend on the order of the spans', () => {
  const { run, spans } = syntheticRun({
    pausesMs: 6000,
    baselineMs: 3000,
    retries: 1,
    timeoutMs: 60,
  });
  expect(analyse(run, spans.toReversed())).toEqual(analyse(run, spans));
});

test('analyse() gives the article’s six cells for its mesh, and both numbers of a tier', () => {
  const { article } = analysisOf({ meshName: 'article', timeoutMs: 120, retries: 1 });
  expect(
    article?.map((cell) => [cell.articlePauseMs, cell.articleTier, cell.tier, cell.article]),
  ).toEqual([
    [0, 1, 3, '45 ms'],
    [0, 2, 2, '82 ms'],
    [0, 3, 1, '110 ms'],
    [120, 1, 3, '165 ms'],
    [120, 2, 2, '> 1000 ms'],
    [120, 3, 1, 'time-out'],
  ]);
  expect(article?.[0]?.switchedOn).toEqual(['waits 120 ms, 2 attempts']);
  expect(article?.[3]?.switchedOn).toEqual([
    'waits 120 ms, 2 attempts',
    'block 120 ms every 3 s in user',
  ]);
  expect(analysisOf({ pauseStartsMs: [] }).article).toBeNull();
});
