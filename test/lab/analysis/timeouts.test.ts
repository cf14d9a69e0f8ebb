import { expect, test } from 'vitest';
import type { Attempt } from '../../../lab/analysis/records.ts';
import { timeoutAccount } from '../../../lab/analysis/timeouts.ts';

function attempt(timedOut: boolean, timeoutVerdict: Attempt['timeoutVerdict']): Attempt {
  const visit = { service: 'user', arrivedMs: 0, begunMs: 0, leftMs: 1 };
  return {
    startMs: 0,
    endMs: 1,
    failed: timedOut,
    timedOut,
    timeoutVerdict,
    visit: { ...visit, handlerMs: 1, queueWaitMs: null },
  };
}

test('timeoutAccount() counts each verdict, those nobody judged, and answers taken after the time', () => {
  const attempts = [
    attempt(false, null),
    attempt(true, 'spurious'),
    attempt(true, 'spurious'),
    attempt(true, 'late'),
    attempt(true, 'undetermined'),
    attempt(true, null),
    attempt(false, 'spurious'),
  ];
  const want = { all: 5, spurious: 2, late: 1, undetermined: 1, taken: 1 };
  expect(timeoutAccount(attempts)).toEqual(want);
});
