import { expect, test } from 'vitest';
import { type Gap, LoopWatch } from '../../pauses/detector/loopWatch.ts';

/** A loop of which a test says what it did. Milliseconds. */
function simulatedLoop(tickMs: number, coreWaitMs = (_endMs: number, _restMs: number) => 0) {
  let nowMs = 1000;
  let idleMs = 0;
  let polls = 0;
  const gaps: Gap[] = [];
  const watch = new LoopWatch({
    nowMs: () => nowMs,
    idleMs: () => idleMs,
    polls: () => polls,
    coreWaitMs,
    minimumMs: 10,
    onGap: (gap) => gaps.push(gap),
    onWorkEnd: () => {},
  });
  watch.reset(tickMs);
  const loop = {
    watch,
    gaps,
    wait(ms: number) {
      nowMs += ms;
      idleMs += ms;
    },
    work(ms: number) {
      nowMs += ms;
    },
    poll() {
      polls++;
    },
    turns(count: number, restMs: number, workMs: number) {
      for (let i = 0; i < count; i++) {
        loop.poll();
        loop.wait(restMs);
        loop.work(workMs);
      }
    },
    tick(nextInMs: number) {
      const mustLookCloser = watch.tick();
      watch.expectTick(nextInMs);
      return mustLookCloser;
    },
  };
  return loop;
}

test('a loop that waits until its ticks and works little has no gaps', () => {
  const { tick, gaps, wait, work } = simulatedLoop(20);
  for (let i = 0; i < 100; i++) {
    wait(20);
    tick(20);
    work(0.2);
  }
  expect(gaps).toEqual([]);
});

test('what it did not wait before a tick is a stall at the end', () => {
  const { watch, tick, gaps, wait, work } = simulatedLoop(20);
  wait(7);
  work(120);
  tick(20);
  expect(gaps).toEqual([
    {
      earliestMs: 1007,
      latestMs: 1007,
      endMs: 1127,
      latestEndMs: 1127,
      inPoll: false,
      idleBeforeMs: 7,
      recoveredMs: 1007,
    },
  ]);
  expect(watch.lastIdleMs).toBe(1007);
  expect(watch.lastRestMs).toBe(7);
});

test('of a stall before a tick that came in time it is not known when it was', () => {
  const { tick, gaps, wait, work } = simulatedLoop(60);
  wait(10);
  work(25);
  wait(25);
  tick(20);
  expect(gaps).toEqual([
    {
      earliestMs: 1000,
      latestMs: 1035,
      endMs: 1025,
      latestEndMs: 1060,
      inPoll: false,
      idleBeforeMs: 0,
      recoveredMs: null,
    },
  ]);
});

test('a stall before it is seen otherwise than by a tick ends there', () => {
  const { watch, gaps, wait, work } = simulatedLoop(60);
  wait(10);
  work(25);
  watch.see();
  expect(gaps).toMatchObject([{ earliestMs: 1010, endMs: 1035 }]);
});

test('waiting beyond the tick is a stop that began before the tick was due', () => {
  const { watch, tick, gaps, wait } = simulatedLoop(20);
  wait(20);
  tick(20);
  wait(120);
  tick(20);
  expect(gaps).toEqual([
    {
      earliestMs: 1020,
      latestMs: 1040,
      endMs: 1140,
      latestEndMs: 1140,
      inPoll: true,
      idleBeforeMs: 20,
      recoveredMs: 1040,
    },
  ]);
  // It may have been stopped at any moment since.
  expect(watch.lastIdleMs).toBe(1020);
});

test('a poll that hardly waits, within a backlog that is worked off, is no rest', () => {
  const { watch, tick, wait, work } = simulatedLoop(20);
  wait(7);
  tick(20);
  expect(watch.lastIdleMs).toBe(1007);
  work(2);
  wait(0.05);
  work(4);
  tick(20);
  expect(watch.lastIdleMs).toBe(1007);
  wait(0.3);
  work(1);
  tick(20);
  expect(watch.lastIdleMs).toBeCloseTo(1013.35, 6);
});

test('a stop in poll and a stall after it are two', () => {
  const { tick, gaps, wait, work } = simulatedLoop(20);
  wait(100);
  work(50);
  tick(20);
  expect(gaps.map(({ inPoll, endMs }) => ({ inPoll, endMs }))).toEqual([
    { inPoll: true, endMs: 1100 },
    { inPoll: false, endMs: 1150 },
  ]);
});

test('a stall says when the loop had last had nothing left to do before it', () => {
  const { tick, gaps, wait, work } = simulatedLoop(20);
  wait(5);
  work(8);
  tick(20);
  wait(0.3);
  work(9);
  tick(20);
  work(40);
  tick(20);
  wait(12);
  work(12);
  tick(20);
  expect(gaps.map(({ earliestMs, recoveredMs }) => [earliestMs, recoveredMs])).toEqual([
    [1022.3, 1005],
    [1074.3, 1074.3],
  ]);
});

test('a backlog that is worked off in many short callbacks is no stall', async () => {
  const { watch, gaps, work } = simulatedLoop(20);
  for (let i = 0; i < 50; i++) {
    watch.mark();
    work(2);
    watch.mark();
    await null; // the callback's end
  }
  expect(gaps).toEqual([]);
});

test('work in many short turns that nobody marks is no stall', () => {
  const { tick, gaps, turns } = simulatedLoop(20);
  for (const turnMs of [0.1, 0.3, 0.5]) {
    for (const restMs of [0, 2]) {
      for (let i = 0; i < 10; i++) {
        for (let workedMs = 0; workedMs < 20; workedMs += turnMs + restMs) {
          turns(1, restMs, turnMs);
        }
        tick(20);
      }
    }
  }
  expect(gaps).toEqual([]);
});

test('of many turns that nobody marks a stall is the one in which the tick was due', () => {
  const { tick, gaps, work, poll, turns } = simulatedLoop(20);
  turns(48, 0, 0.375);
  poll();
  work(50);
  tick(20);
  expect(gaps).toMatchObject([{ earliestMs: 1020, endMs: 1068, inPoll: false }]);
});

test('a stall among many short turns is one, although the loop did little else', () => {
  const { tick, gaps, work, poll, turns } = simulatedLoop(20);
  turns(4, 2, 0.1);
  poll();
  work(12);
  tick(20);
  expect(gaps).toMatchObject([{ inPoll: false }]);
});

test('many short turns that end as the tick falls due are no stall either', () => {
  const { tick, gaps, poll, turns } = simulatedLoop(20);
  turns(20, 0.51, 0.5);
  poll();
  tick(20); // late by 0.2: only with that it had worked for 10
  expect(gaps).toEqual([]);
});

test('a tick says whether turns that nobody marks must be looked at more closely', async () => {
  const { watch, tick, work, turns } = simulatedLoop(20);
  const tickAfter = (count: number, restMs: number, workMs: number) => {
    turns(count, restMs, workMs);
    return tick(20);
  };
  expect(tickAfter(4, 4.9, 0.1)).toBe(false);
  expect(tickAfter(40, 0.3, 0.2)).toBe(false);
  expect(tickAfter(1, 18, 2)).toBe(false);
  expect(tickAfter(1, 16, 4)).toBe(true);
  expect(tickAfter(10, 1, 1)).toBe(true);
  expect(tickAfter(4, 0, 5)).toBe(true);
  for (let i = 0; i < 4; i++) {
    watch.mark();
    work(5);
    await null;
  }
  expect(tick(20)).toBe(false);
});

test('among a few short turns a long one is a stall, wherever it was', () => {
  const { watch, gaps, work, poll, turns } = simulatedLoop(60);
  turns(3, 2, 0.1);
  poll();
  work(45);
  watch.mark();
  expect(gaps).toMatchObject([{ earliestMs: 1006, inPoll: false }]);
  expect(gaps[0]?.endMs).toBeCloseTo(1051.3, 6);
});

test('one callback is one stall, however many spans it has', async () => {
  const { watch, gaps, work } = simulatedLoop(20);
  watch.mark();
  for (let i = 0; i < 50; i++) {
    work(1);
    watch.mark();
    work(1);
    watch.mark();
  }
  await null;
  expect(gaps).toEqual([
    {
      earliestMs: 1000,
      latestMs: 1000,
      endMs: 1100,
      latestEndMs: 1100,
      inPoll: false,
      idleBeforeMs: 0,
      recoveredMs: null,
    },
  ]);
});

test('polling without waiting is not idle: what came then may have waited', () => {
  const { watch, tick, wait, work } = simulatedLoop(20);
  wait(5);
  work(4);
  tick(20);
  wait(0.005);
  work(3);
  tick(20);
  expect(watch.lastIdleMs).toBe(1005);
});

test('work that begins was not here at the polls before, of a loop that never rests', async () => {
  const { watch, wait, work, poll } = simulatedLoop(20);
  watch.mark();
  await null;
  expect(watch.lastAbsentMs).toBeNull();
  wait(5);
  watch.mark();
  await null;
  for (let turn = 1; turn <= 4; turn++) {
    poll();
    work(3);
    watch.mark();
    await null;
  }
  // Polled after 1005, 1008, 1011 and 1014: what came with the last was not there when the third began.
  expect(watch.lastIdleMs).toBe(1005);
  expect(watch.lastAbsentMs).toBe(1011);
  work(100); // in one callback, all of which came with the same poll
  watch.mark();
  await null;
  expect(watch.lastAbsentMs).toBe(1011);
  for (let polled = 0; polled < 7; polled++) poll(); // by others' work
  watch.mark();
  await null;
  expect(watch.lastAbsentMs).toBe(1117);
  wait(1);
  poll();
  watch.mark();
  expect(watch.lastAbsentMs).toBe(1118);
});

test('of connections that wait to be accepted a poll takes one: until none is left, all may be old', async () => {
  const { watch, wait, work, poll } = simulatedLoop(20);
  const turn = async (accepts: boolean) => {
    poll();
    if (accepts) watch.accepted();
    work(1);
    watch.mark();
    await null;
    return watch.lastAbsentMs;
  };
  wait(5);
  watch.mark();
  await null;
  for (let i = 0; i < 10; i++) expect(await turn(true)).toBe(1005);
  // The last was accepted after 1014, and is read from in the next turn.
  expect([await turn(false), await turn(false), await turn(false)]).toEqual([1005, 1015, 1016]);
});

test('a loop that rests for a moment was idle, and has recovered only once it rested for longer', () => {
  const { watch, tick, wait, work } = simulatedLoop(20);
  expect(watch.recoveredMs).toBeNull();
  wait(2);
  work(40);
  tick(20);
  expect(watch.recoveredMs).toBe(1002);
  wait(0.4);
  work(40);
  tick(20);
  expect(watch.lastIdleMs).toBe(1042.4);
  expect(watch.recoveredMs).toBe(1002);
  wait(1.5);
  tick(20);
  expect(watch.recoveredMs).toBe(1083.9);
});

test.each<[string, [number, number], [number, number]]>([
  ['0.5 ms without what the thread waited for a core', [0.7, 0.2], [1, 1]],
  ['2.5 ms, however long it may have waited for one', [2.4, 3], [2.4, 2.5]],
])('after a stall a loop has rested once it did for %s', (_, coreWaitsMs, [short, long]) => {
  const asked: number[] = [];
  const { watch, tick, gaps, wait, work } = simulatedLoop(20, (_endMs, restMs) => {
    asked.push(restMs);
    return coreWaitsMs[asked.length - 1] ?? 0;
  });
  const rest = (ms: number) => {
    wait(ms);
    tick(20);
    return watch.recoveredMs;
  };
  expect(rest(2)).toBe(1002);
  work(120);
  tick(20);
  expect(gaps).toHaveLength(1);
  expect(rest(0.4)).toBe(1002);
  expect(rest(short)).toBe(1002);
  expect(rest(long)).toBe(1122.4 + short + long);
  expect(asked).toHaveLength(2);
  // It is asked no more.
  expect(rest(1)).toBe(1122.4 + short + long + 1);
  expect(asked).toHaveLength(2);
});

test('a stall straight after another says nothing of waiting', () => {
  const { watch, tick, wait, work } = simulatedLoop(20);
  wait(5);
  work(40);
  tick(20);
  work(40);
  tick(20);
  expect(watch.lastIdleMs).toBe(1005);
});
