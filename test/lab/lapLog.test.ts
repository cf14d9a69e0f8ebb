import { expect, test } from 'vitest';
import type { LoadSnapshot } from '../../lab/load/generator.ts';
import { LapLog } from '../../lab/load/lapLog.ts';

const quiet: LoadSnapshot = {
  intended: 200,
  sent: 200,
  dropped: 0,
  succeeded: 200,
  failed: 0,
  timedOut: 0,
  lateMs: { p50: 0.5, p99: 1.25, max: 2 },
  latencyMs: { p50: 8.04, p99: 101.6, max: 130 },
  errors: {},
};
const silent: LoadSnapshot = {
  ...quiet,
  ...{ succeeded: 0, failed: 200, dropped: 3, errors: { dropped: 3, ECONNREFUSED: 197 } },
};
const at = (second: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, second));

test.each([
  {
    what: 'a quiet lap',
    lap: quiet,
    line:
      '2026-01-02T03:04:10.000Z 200 requests · 0 failed · P50 8.0 ms · P99 102 ms · max 130 ms · ' +
      'late P99 1.3 ms',
  },
  {
    what: 'failures, the most frequent first',
    lap: { ...quiet, failed: 9, errors: { timeout: 2, '503': 7 } },
    line: expect.stringContaining(' · 9 failed (503 7, timeout 2) · '),
  },
  { what: 'dropped ones', lap: silent, line: expect.stringMatching(/ · 3 dropped$/) },
])('add() words $what', ({ lap, line }) => {
  expect(new LapLog('http://gateway:8080').add(lap, at(10)).line).toEqual(line);
});

test('add() tells once that no request succeeds, and once that one does', () => {
  const log = new LapLog('http://gateway:8080');
  const news = [quiet, silent, silent, quiet, quiet].map((lap, i) => log.add(lap, at(10 * i)).news);
  expect(news).toEqual([
    null,
    'No request to http://gateway:8080 succeeds (ECONNREFUSED 197, dropped 3); the load goes on, ' +
      'and says when one does',
    null,
    'http://gateway:8080 answers again, after about 20 s',
    null,
  ]);
  expect(log.totals).toEqual({ intended: 1000, failed: 400, dropped: 6 });
});

test('a target that was silent from the start is news when it answers', () => {
  const log = new LapLog('http://gateway:8080');
  log.startSilent(at(0));
  expect(log.add(silent, at(10)).news).toBeNull();
  expect(log.add(quiet, at(20)).news).toMatch(/answers again, after about 20 s/);
});
