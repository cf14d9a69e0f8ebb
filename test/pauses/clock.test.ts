import { expect, test } from 'vitest';
import { anchoredClock, systemClock, unixMs } from '../../pauses/clock.ts';

const anchorNano = 1_700_000_000_000_000_000n;
const anchorMs = 1_700_000_000_000;

/** A clock that was anchored, then read when the monotonic one stood at 10 s. */
function readAt10s(wallMs: number): bigint {
  const clock = anchoredClock(
    () => wallMs,
    () => 10_000_000_000n,
    anchorNano,
  );
  return clock.unixNano(10_000_000_000n) - anchorNano;
}

test.each([
  { when: 'both agree', wallMs: anchorMs + 10_000, want: 10_000_000_000n },
  {
    when: 'the wall clock has cut off most of 1 ms',
    wallMs: anchorMs + 9_999,
    want: 10_000_000_000n,
  },
  { when: 'it was set forward an hour', wallMs: anchorMs + 3_610_000, want: 3_610_000_500_000n },
  { when: 'it was set back an hour', wallMs: anchorMs - 3_590_000, want: -3_589_999_500_000n },
])('unixNano() follows the wall clock when $when', ({ wallMs, want }) => {
  expect(Math.abs(Number(readAt10s(wallMs) - want))).toBeLessThanOrEqual(500); // of a double's
});

test('unixMs() follows a wall clock that is set while it is asked all the time', () => {
  let wallMs = anchorMs;
  const clock = anchoredClock(
    () => wallMs,
    () => 0n,
    anchorNano,
  );
  clock.unixMs(0.1);
  wallMs = anchorMs + 3_600_000;
  clock.unixMs(0.6);
  expect(Math.abs(clock.unixMs(1.2) - wallMs)).toBeLessThanOrEqual(2);
  wallMs = anchorMs - 3_600_000;
  expect(Math.abs(clock.unixMs(2.3) - wallMs)).toBeLessThanOrEqual(2);
});

test('unixNano() keeps the distance of two times to the nanosecond', () => {
  const clock = anchoredClock(
    () => anchorMs,
    () => 5n,
    anchorNano,
  );
  expect(clock.unixNano(123_456_789n) - clock.unixNano(123_456_788n)).toBe(1n);
});

test('the spans of a process and the records of its pauses have one clock', () => {
  const before = Number(systemClock.unixNano(systemClock.monotonicNano())) / 1e6;
  const now = unixMs();
  const after = Number(systemClock.unixNano(systemClock.monotonicNano())) / 1e6;
  // A double has a quarter of a microsecond here.
  expect(now).toBeGreaterThanOrEqual(before - 0.002);
  expect(now).toBeLessThanOrEqual(after + 0.002);
});
