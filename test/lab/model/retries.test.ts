import { expect, test } from 'vitest';
import {
  canStayOverloaded,
  expectedAttempts,
  worstCaseAttempts,
} from '../../../lab/model/retries.ts';

test.each([
  { failureShare: 0, retries: 3, want: 1 },
  { failureShare: 0.5, retries: 1, want: 1.5 },
  { failureShare: 0.5, retries: 2, want: 1.75 },
  { failureShare: 1, retries: 3, want: 4 },
])('expectedAttempts() is $want for q = $failureShare and $retries retries', (row) => {
  expect(expectedAttempts(row.failureShare, row.retries)).toBeCloseTo(row.want, 12);
});

test('worstCaseAttempts() is 64 for 4 attempts in each of 3 layers', () => {
  expect(worstCaseAttempts(4, 3)).toBe(64);
});

test.each([
  { utilization: 0.7, attempts: 2, want: true },
  { utilization: 0.45, attempts: 2, want: false },
  { utilization: 0.5, attempts: 2, want: false },
])('canStayOverloaded() is $want at ρ = $utilization with $attempts attempts', (row) => {
  expect(canStayOverloaded(row.utilization, row.attempts)).toBe(row.want);
});
