import { expect, test } from 'vitest';
import type { LateBeat } from '../../pauses/detector/heartbeat.ts';
import { judge } from '../../pauses/detector/judge.ts';
import type { Gap } from '../../pauses/detector/loopWatch.ts';

const limits = { minimumMs: 10, toleranceMs: 5 };
const usage = { processCpuMs: 1, mainThreadCpuMs: 1, runDelayMs: 0, throttledMs: 0 };
const beating = { lateBeats: [], beatBetween: () => true };

function stall(startMs: number, endMs: number): Gap {
  return { earliestMs: startMs, latestMs: startMs, endMs, latestEndMs: endMs, inPoll: false };
}

function stopped(beat: LateBeat) {
  return { lateBeats: [beat], beatBetween: () => false };
}

test('the edges of a collection are those that V8 gives, if the loop may have seen them so', () => {
  const collections = [{ startMs: 102, endMs: 198 }];
  expect(judge(stall(100, 200), collections, beating, usage, limits)).toMatchObject({
    kind: 'gc',
    startMs: 102,
    endMs: 198,
    evidence: { gcMs: 96 },
  });
  expect(judge(stall(80, 200), collections, beating, usage, limits)).toMatchObject({
    kind: 'gc',
    startMs: 80,
    endMs: 198,
  });
});

test('collections that contain each other count once', () => {
  const collections = [
    { startMs: 120, endMs: 130 },
    { startMs: 110, endMs: 170 },
  ];
  const judged = judge(stall(100, 200), collections, beating, usage, limits);
  expect(judged?.evidence.gcMs).toBe(60);
});

test('a stop in poll lies between the signs of life of both threads', () => {
  const gap = { earliestMs: 100, latestMs: 120, endMs: 199, latestEndMs: 201, inPoll: true };
  const heartbeat = stopped({ beforeMs: 106, dueMs: 116, atMs: 200, explainedMs: 0.1 });
  expect(judge(gap, [], heartbeat, usage, limits)).toMatchObject({
    kind: 'freeze',
    startMs: 111,
    endMs: 200,
  });
});

test('a beat that was late for want of a core was not stopped', () => {
  const heartbeat = stopped({ beforeMs: 95, dueMs: 105, atMs: 190, explainedMs: 84 });
  expect(judge(stall(100, 200), [], heartbeat, usage, limits)).toMatchObject({
    kind: 'unknown',
    evidence: { heartbeatGapMs: null },
  });
  const starved = { ...usage, runDelayMs: 92 };
  expect(judge(stall(100, 200), [], heartbeat, starved, limits)?.kind).toBe('starved');
});

test('a loop that only woke late, and not by much, had no pause', () => {
  const gap = { earliestMs: 100, latestMs: 120, endMs: 126, latestEndMs: 127, inPoll: true };
  expect(judge(gap, [], beating, usage, limits)).toBeNull();
});

test('without a second thread a stopped process and a thread that waits look alike', () => {
  expect(judge(stall(100, 200), [], null, usage, limits)).toMatchObject({
    kind: 'unknown',
    evidence: { heartbeatGapMs: null },
  });
});
