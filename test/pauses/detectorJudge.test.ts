import { expect, test } from 'vitest';
import type { LateBeat } from '../../pauses/detector/heartbeat.ts';
import { judge } from '../../pauses/detector/judge.ts';
import type { Gap } from '../../pauses/detector/loopWatch.ts';

const minimumMs = 10;
const usage = {
  processCpuMs: 1,
  mainThreadCpuMs: 1,
  runDelayMs: 0,
  throttledMs: 0,
  processStopped: false,
};
const wasStopped = { ...usage, processStopped: true };
const beating = { lateBeats: [], beatBetween: () => true };

function stall(startMs: number, endMs: number): Gap {
  return {
    earliestMs: startMs,
    latestMs: startMs,
    endMs,
    latestEndMs: endMs,
    inPoll: false,
    idleBeforeMs: 0,
    recoveredMs: startMs,
  };
}

/** It waited from 100 on, and was to wake at 120. */
function stillInPoll(endMs: number, latestEndMs: number): Gap {
  return {
    earliestMs: 100,
    latestMs: 120,
    endMs,
    latestEndMs,
    inPoll: true,
    idleBeforeMs: 20,
    recoveredMs: 120,
  };
}

function stopped(beat: LateBeat) {
  return { lateBeats: [beat], beatBetween: () => false };
}

test('the edges of a collection are those that V8 gives', () => {
  const collections = [{ startMs: 102, endMs: 198 }];
  expect(judge(stall(100, 200), collections, beating, usage, minimumMs)).toMatchObject([
    { kind: 'gc', startMs: 102, endMs: 198, evidence: { gcMs: 96 } },
  ]);
});

test('a stall of which only the length is certain is put around its collections, or else half-way', () => {
  const open = { ...stall(100, 130), latestMs: 120, latestEndMs: 150 };
  expect(judge(open, [], beating, usage, minimumMs)).toMatchObject([
    { kind: 'block', startMs: 110, endMs: 140 },
  ]);
  for (const startMs of [111, 122]) {
    const collection = { startMs, endMs: startMs + 28 };
    const minor = { startMs: 100, endMs: 101 };
    for (const collections of [[collection], [minor, collection]]) {
      expect(judge(open, collections, beating, usage, minimumMs).at(-1)).toMatchObject({
        kind: 'gc',
        ...collection,
      });
    }
  }
});

test('what the thread did after a collection is a pause of its own if it is long enough', () => {
  const collections = [{ startMs: 100, endMs: 180 }];
  expect(judge(stall(92, 200), collections, beating, usage, minimumMs)).toMatchObject([
    { kind: 'gc', startMs: 100, endMs: 180 },
    { kind: 'block', startMs: 180, endMs: 200, evidence: { gcMs: 0, mainThreadCpuMs: null } },
  ]);
  const late = { ...usage, runDelayMs: 20 };
  expect(judge(stall(92, 200), collections, beating, late, minimumMs)).toMatchObject([
    { kind: 'gc' },
    { kind: 'unknown', startMs: 180, endMs: 200 },
  ]);
});

test('collections that contain each other count once', () => {
  const collections = [
    { startMs: 120, endMs: 130 },
    { startMs: 110, endMs: 170 },
  ];
  const [judged] = judge(stall(105, 175), collections, beating, usage, minimumMs);
  expect(judged?.evidence.gcMs).toBe(60);
});

test('a stop in poll lies between the signs of life of both threads', () => {
  const gap = stillInPoll(199, 201);
  const heartbeat = stopped({ beforeMs: 106, dueMs: 116, atMs: 200 });
  expect(judge(gap, [], heartbeat, wasStopped, minimumMs)).toMatchObject([
    { kind: 'freeze', startMs: 111, endMs: 200 },
  ]);
});

test('a stop in a callback ends with the first sign of life of either thread', () => {
  const heartbeat = stopped({ beforeMs: 96, dueMs: 106, atMs: 193 });
  expect(judge(stall(100, 200), [], heartbeat, wasStopped, minimumMs)).toMatchObject([
    { kind: 'freeze', startMs: 100, endMs: 193 },
  ]);
  const waited = { ...wasStopped, runDelayMs: 4 };
  expect(judge(stall(100, 200), [], heartbeat, waited, minimumMs)[0]?.endMs).toBe(197);
});

test('a beat at the edge of a stop, when none was due in it, does not disprove it', () => {
  const beatAt = (ms: number) => ({
    lateBeats: [],
    beatBetween: (fromMs: number, toMs: number) => fromMs < ms && ms < toMs,
  });
  expect(judge(stall(100, 200), [], beatAt(102), wasStopped, minimumMs)[0]?.kind).toBe('freeze');
  expect(judge(stall(100, 200), [], beatAt(150), wasStopped, minimumMs)[0]?.kind).toBe('block');
});

test('a beat that was late without a stop was late for want of a core', () => {
  const heartbeat = stopped({ beforeMs: 95, dueMs: 105, atMs: 190 });
  const waited = { ...usage, runDelayMs: 92 };
  expect(judge(stall(100, 200), [], heartbeat, usage, minimumMs)[0]?.kind).toBe('block');
  expect(judge(stall(100, 200), [], heartbeat, waited, minimumMs)[0]?.kind).toBe('starved');
});

test('a loop that only woke late, and not by much, had no pause', () => {
  const gap = stillInPoll(126, 127);
  expect(judge(gap, [], beating, usage, minimumMs)).toEqual([]);
});

test('without the kernel and a second thread a stop and a wait look alike', () => {
  const untold = { ...usage, processStopped: null };
  expect(judge(stall(100, 200), [], null, untold, minimumMs)).toMatchObject([
    { kind: 'unknown', evidence: { heartbeatGapMs: null } },
  ]);
});
