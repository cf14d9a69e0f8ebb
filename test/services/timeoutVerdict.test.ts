import { describe, expect, test } from 'vitest';
import { ReplyArrival, readSent } from '../../services/kit/replyArrival.ts';
import { judgeTimeout } from '../../services/kit/timeoutVerdict.ts';

const marginMs = 2;

test.each([
  { when: 'nothing was there', readUnixMs: null, arrival: null, want: 'late' },
  { when: 'it came before the deadline', readUnixMs: 1150, arrival: 1020, want: 'spurious' },
  { when: 'it came just before', readUnixMs: 1150, arrival: 1098, want: 'spurious' },
  { when: 'it came about then', readUnixMs: 1150, arrival: 1099, want: 'undetermined' },
  { when: 'it came about then, or after', readUnixMs: 1150, arrival: 1102, want: 'undetermined' },
  { when: 'it came after', readUnixMs: 1150, arrival: 1103, want: 'late' },
  { when: 'nobody said when it was sent', readUnixMs: 1150, arrival: null, want: 'undetermined' },
  { when: 'it came before it was asked for', readUnixMs: 1150, arrival: 900, want: 'undetermined' },
  { when: 'it came after it was read', readUnixMs: 1150, arrival: 1200, want: 'undetermined' },
])('judgeTimeout() is $want when $when', ({ readUnixMs, arrival, want }) => {
  const evidence = {
    startUnixMs: 1000,
    deadlineUnixMs: 1100,
    readUnixMs,
    arrival: arrival === null ? null : { unixMs: arrival, marginMs },
  };
  expect(judgeTimeout(evidence)).toBe(want);
});

describe('ReplyArrival', () => {
  test('knows nothing before the first answer', () => {
    expect(new ReplyArrival().of(1000, 1050)).toBeNull();
  });

  test.each([0, 5000, -5000])('needs no clocks that agree (%i ms apart)', (apartMs) => {
    const arrivals = new ReplyArrival();
    for (const delayMs of [3, 1, 40]) arrivals.observe(1000 + apartMs, 1000 + delayMs);
    expect(arrivals.of(2000 + apartMs, 2150)?.unixMs).toBe(2001);
  });

  test.each([0, 5000, -5000])('says what took longer than usual (%i ms apart)', (apartMs) => {
    const arrivals = new ReplyArrival();
    const late = [9, 1, 2.9, 3.1, 1].map((ms) => arrivals.observe(1000 + apartMs, 1000 + ms));
    expect(late).toEqual([false, false, false, true, false]);
  });

  test('forgets what is older than two windows, but not the last that there was', () => {
    const arrivals = new ReplyArrival();
    arrivals.observe(0, 1);
    arrivals.observe(12_000, 12_005);
    expect(arrivals.of(13_000, 13_010)?.unixMs).toBe(13_001);
    arrivals.observe(23_000, 23_004);
    expect(arrivals.of(24_000, 24_010)?.unixMs).toBe(24_004);
    expect(arrivals.of(90_000, 90_010)?.unixMs).toBe(90_004);
  });

  test('is less sure the longer ago the last answer was', () => {
    const arrivals = new ReplyArrival();
    arrivals.observe(100_000, 100_001);
    expect(arrivals.of(100_000, 100_001)?.marginMs).toBe(2);
    expect(arrivals.of(160_000, 160_001)?.marginMs).toBe(14);
  });
});

test.each([
  { value: '1718439730123456', want: 1718439730123.456 },
  { value: undefined, want: null },
  { value: '', want: null },
  { value: 'soon', want: null },
  { value: '-1', want: null },
  { value: ['1', '2'], want: null },
])('readSent($value)', ({ value, want }) => {
  expect(readSent(value)).toBe(want);
});
