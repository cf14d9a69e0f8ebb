import { expect, test } from 'vitest';
import { meanTimeWithRandomPausesMs } from '../../../lab/model/randomPauses.ts';
import { simulateQueue } from './queueSimulation.ts';

test.each([{ serviceMs: 1 }, { serviceMs: 5 }])(
  'meanTimeWithRandomPausesMs() is within 10 % of a simulated queue with S = $serviceMs ms',
  ({ serviceMs }) => {
    const queue = { requestsPerSecond: 100, serviceMs, pauseMs: 30 };
    // T is from begin to begin; the simulation draws from end to begin.
    const simulated = simulateQueue({ ...queue, everyMs: 570, pauses: 3000, atRandom: true });
    const formulaMs = meanTimeWithRandomPausesMs({
      ...queue,
      serviceSquaredMs2: serviceMs ** 2,
      meanEveryMs: 600,
    });
    expect(simulated.meanTimeMs / formulaMs).toBeGreaterThan(0.9);
    expect(simulated.meanTimeMs / formulaMs).toBeLessThan(1.1);
  },
);

test('meanTimeWithRandomPausesMs() is Infinity once pauses and work fill the server', () => {
  const full = { requestsPerSecond: 100, serviceMs: 5, serviceSquaredMs2: 25, pauseMs: 50 };
  expect(meanTimeWithRandomPausesMs({ ...full, meanEveryMs: 100 })).toBe(Number.POSITIVE_INFINITY);
});
