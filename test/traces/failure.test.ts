import { expect, test } from 'vitest';
import { hasFailed, hasTimedOut } from '../../traces/failure.ts';
import type { Attributes, Span } from '../../traces/span.ts';
import { msSpan } from './span.ts';

test.each<{ status?: Span['status']['code']; attributes?: Attributes; failed: boolean }>([
  { failed: false },
  { status: 'error', failed: true },
  { status: 'ok', attributes: { 'error.type': '503' }, failed: false },
  { attributes: { 'error.type': '404' }, failed: true },
  { attributes: { 'http.response.status_code': 499 }, failed: false },
  { attributes: { 'http.response.status_code': 500 }, failed: true },
  { attributes: { 'http.response.status_code': '500' }, failed: false },
])('hasFailed() is $failed of status $status and $attributes', ({ failed, ...more }) => {
  expect(hasFailed(msSpan('a', '', 0, 1, more))).toBe(failed);
});

test.each([
  ...['timeout', 'time-out', 'timed out', 'ETIMEDOUT', 'TimeoutError', 'DEADLINE_EXCEEDED'],
  ...['context.DeadlineExceeded', 'ESOCKETTIMEDOUT', 'ECONNABORTED'],
])('hasTimedOut() of the error type %s', (type) => {
  expect(hasTimedOut(msSpan('a', '', 0, 1, { attributes: { 'error.type': type } }))).toBe(true);
});

test.each([['timeout'], 408, '503', 'ECONNABORTED_BY_PEER', 'NOT_ECONNABORTED'])(
  'hasTimedOut() not of the error type %j',
  (type) => {
    expect(hasTimedOut(msSpan('a', '', 0, 1, { attributes: { 'error.type': type } }))).toBe(false);
  },
);
