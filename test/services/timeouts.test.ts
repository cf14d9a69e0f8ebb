import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTimeoutTrials, type TimeoutTrials, type Trial, truthOf } from './timeoutTrials.ts';

/** Machines are noisy: whatever comes out this near to an edge is not counted. */
const marginMs = 8;
const count = 4;

const hidden: Trial[] = [
  { pause: 'stop', answerAfterMs: 5 },
  { pause: { kind: 'block', phase: 'poll' }, answerAfterMs: 15 },
  { pause: { kind: 'block', phase: 'check' }, answerAfterMs: 15 },
  { pause: { kind: 'freeze', phase: 'check' }, answerAfterMs: 15 },
];
const genuine: Trial[] = [
  { pause: 'none', answerAfterMs: 60 },
  { pause: 'none', answerAfterMs: 'frozen' },
  { pause: 'stop', answerAfterMs: 60 },
  { pause: { kind: 'block', phase: 'poll' }, answerAfterMs: 60 },
  { pause: { kind: 'block', phase: 'check' }, answerAfterMs: 60 },
];

describe.each([
  { recheck: false, hidden, genuine, want: { verdict: 'spurious', taken: false, status: 504 } },
  {
    recheck: true,
    hidden: hidden.slice(1, 3),
    genuine: genuine.slice(0, 1),
    want: { verdict: 'spurious', taken: true, status: 200 },
  },
])('a call with recheck: $recheck', ({ recheck, hidden, genuine, want }) => {
  let trials: TimeoutTrials;
  beforeAll(async () => {
    trials = await startTimeoutTrials(recheck);
  });
  afterAll(() => trials.stop());

  async function clearOutcomes(trial: Trial, truth: 'spurious' | 'late') {
    const outcomes = await trials.run(trial, count);
    const clear = outcomes.filter((outcome) => truthOf(outcome, marginMs) === truth);
    expect(clear.length).toBeGreaterThan(0);
    return clear;
  }

  test.each(hidden)('timed out spuriously while the answer lay there ($pause)', async (trial) => {
    for (const outcome of await clearOutcomes(trial, 'spurious')) {
      expect(outcome).toMatchObject(want);
    }
  });

  test.each(genuine)('got its answer late ($pause, $answerAfterMs)', async (trial) => {
    for (const { verdict } of await clearOutcomes(trial, 'late')) expect(verdict).toBe('late');
  });

  test('reads the answer before its timer after a pause in timers', async () => {
    const trial: Trial = { pause: { kind: 'block', phase: 'timers' }, answerAfterMs: 15 };
    for (const outcome of await clearOutcomes(trial, 'spurious')) {
      expect(outcome).toMatchObject({ verdict: null, status: 200 });
    }
  });
});
