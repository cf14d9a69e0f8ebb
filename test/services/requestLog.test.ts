import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { requestLog } from '../../services/kit/requestLog.ts';
import type { TracedResponse } from '../../services/kit/server.ts';

function answer(statusCode: number): TracedResponse {
  const req = { method: 'GET', url: '/users/1' };
  return { statusCode, route: '/users/:id', req } as TracedResponse;
}

describe('requestLog()', () => {
  function setUp(level: 'info' | 'debug', slowMs: number | null) {
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ level }, { write: (line: string) => lines.push(JSON.parse(line)) });
    const clock = { nowMs: 5000 };
    return { lines, clock, log: requestLog(logger, slowMs, () => clock.nowMs) };
  }

  test.each([
    { status: 200, sent: true, tookMs: 99, want: null },
    { status: 404, sent: true, tookMs: 99, want: null },
    { status: 200, sent: true, tookMs: 100.5, want: 'Slow' },
    { status: 503, sent: true, tookMs: 1, want: 'Failed' },
    { status: 200, sent: false, tookMs: 1, want: 'Failed' },
  ])('at info: $status, sent: $sent, $tookMs ms is logged as $want', (row) => {
    const { lines, log } = setUp('info', 100);
    log(answer(row.status), row.sent, row.tookMs);
    const { status, sent, tookMs } = row;
    const line = { level: 40, msg: row.want, url: '/users/1', route: '/users/:id' };
    expect(lines).toMatchObject(row.want === null ? [] : [{ ...line, status, sent, tookMs }]);
  });

  test('at debug: every one, once', () => {
    const { lines, log } = setUp('debug', null);
    log(answer(200), true, 5000);
    log(answer(500), true, 1);
    expect(lines).toMatchObject([
      { level: 20, msg: 'Answered' },
      { level: 40, msg: 'Failed' },
    ]);
  });

  test('no more than fifty lines a second, and then how many were left out', () => {
    const { lines, clock, log } = setUp('info', null);
    for (let i = 0; i < 70; i++) log(answer(503), true, 1);
    expect(lines).toHaveLength(50);
    clock.nowMs += 1000;
    log(answer(503), true, 1);
    expect(lines.slice(50)).toMatchObject([{ requests: 20 }, { msg: 'Failed' }]);
  });
});
