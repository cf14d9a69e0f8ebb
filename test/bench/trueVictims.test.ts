import { expect, test } from 'vitest';
import type { OutsideVisit } from '../../bench/support/outsideRecord.ts';
import { trueVictims, type Verdict } from '../../bench/support/trueVictims.ts';

/** The server works for 3 ms on a request, and 1 ms passes on each way. */
const usual = { signMs: 5, restMs: 1 };
const edgeMs = 2;
const pause = { startMs: 100, endMs: 220 };

function visit(sentMs: number, endMs: number, more: Partial<OutsideVisit> = {}): OutsideVisit {
  const ids = { traceId: `t${sentMs}`, callId: `c${sentMs}` };
  return {
    ...ids,
    isBaseline: false,
    callMs: sentMs,
    sentMs,
    endMs,
    answered: true,
    signMs: endMs,
    returnedMs: null,
    ...more,
  };
}

test.each<{ what: string; visit: OutsideVisit; want: Verdict }>([
  { what: 'answered well before it', visit: visit(80, 85), want: 'untouched' },
  { what: 'answered just before it', visit: visit(93, 98.5), want: 'edge' },
  { what: 'answered just after its begin', visit: visit(95, 101.5), want: 'edge' },
  { what: 'in the process at its begin', visit: visit(98, 223), want: 'hit' },
  { what: 'sent just at its begin', visit: visit(100, 224), want: 'hit' },
  { what: 'sent in the middle of it', visit: visit(160, 226), want: 'hit' },
  { what: 'sent just before its end', visit: visit(218.5, 228), want: 'edge' },
  {
    what: 'sent after its end, whose caller had begun to before',
    visit: visit(224, 230, { callMs: 219 }),
    want: 'edge',
  },
  { what: 'sent long after it', visit: visit(300, 305), want: 'untouched' },
  {
    // Its answer had left before: whoever stands still answers nobody.
    what: 'whose answer the caller read in the middle of it',
    visit: visit(94, 140),
    want: 'untouched',
  },
  {
    what: 'given up by the caller in the middle of it',
    visit: visit(94, 140, { answered: false, signMs: null }),
    want: 'hit',
  },
  {
    what: 'given up before its begin',
    visit: visit(50, 90, { answered: false, signMs: null }),
    want: 'untouched',
  },
])('a request $what is $want', ({ visit, want }) => {
  expect(trueVictims(pause, [visit], usual, edgeMs).verdicts.get(visit)).toBe(want);
});

/** One FIFO server with a network of 1 ms each way, that stops from 100 to 220. */
function fifo(sentMs: readonly number[], workMs: number): OutsideVisit[] {
  let freeMs = 0;
  return sentMs.map((sent) => {
    let begun = Math.max(sent + 1, freeMs);
    if (begun >= pause.startMs && begun < pause.endMs) begun = pause.endMs;
    let done = begun + workMs;
    if (begun < pause.startMs && done > pause.startMs) done += pause.endMs - pause.startMs;
    freeMs = done;
    return visit(sent, done + 1);
  });
}

test('the backlog is followed until it has drained, and what comes into it is queued', () => {
  // 12 requests during the pause, 4 ms of work each: drained 48 ms later, and by what comes then.
  const sent = [...Array.from({ length: 12 }, (_, i) => 105 + 9 * i), 230, 250, 270, 290, 310];
  const visits = fifo(sent, 4);
  const { verdicts, drainMs } = trueVictims(pause, visits, { ...usual, signMs: 6 }, edgeMs);
  // The 12 take until 268; those of 230 and 250 until 276; that of 270 begins there, 5 ms too late.
  expect(drainMs).toBeCloseTo(276 - 220 - 1, 6);
  expect(visits.map((one) => verdicts.get(one))).toEqual([
    ...Array(12).fill('hit'),
    'queued',
    'queued',
    'queued',
    'untouched',
    'untouched',
  ]);
});

test('what comes when the backlog has just drained is on the edge', () => {
  const visits = fifo([110, 120, 130, 140, 150, 160, 170, 180, 190, 239, 241], 3);
  const { verdicts, drainMs } = trueVictims(pause, visits, usual, edgeMs);
  // Nine of 3 ms: the last one's turn comes at 244, so that of 239 waits, that of 241 as well.
  expect(drainMs).toBeGreaterThan(24);
  expect(visits.slice(-2).map((one) => verdicts.get(one))).not.toContain('untouched');
});

test('the drain is not followed into the next pause', () => {
  const visits = fifo([150, 155, 230, 260, 300], 20);
  const { verdicts, drainMs } = trueVictims(pause, visits, { ...usual, signMs: 22 }, edgeMs, 250);
  expect(drainMs).toBe(30);
  expect(visits.map((one) => verdicts.get(one))).toEqual([
    'hit',
    'hit',
    'queued',
    'untouched',
    'untouched',
  ]);
});

test('a sign further down tells the turn better than the answer does', () => {
  // The answer came late for another reason, as from a callee that took long.
  const visits = [visit(150, 500, { signMs: 222 }), visit(240, 506, { signMs: 242 })];
  const { verdicts, drainMs } = trueVictims(pause, visits, { ...usual, signMs: 2 }, edgeMs);
  expect(drainMs).toBe(0);
  expect(verdicts.get(visits[1] as OutsideVisit)).toBe('untouched');
});

test('answers from further down that wait for their turn are of the backlog, too', () => {
  // Others answer at once; their answers wait for 10 ms, and one that comes meanwhile, too.
  const returned = [224, 225].map((returnedMs, i) =>
    visit(150 + i, 235 + i, { signMs: 228 + i, returnedMs }),
  );
  const visits = [...returned, visit(232, 240, { signMs: 238 }), visit(245, 247)];
  const { verdicts, drainMs } = trueVictims(pause, visits, { signMs: 2, restMs: 1 }, edgeMs);
  expect(drainMs).toBe(236 - 220);
  expect(visits.map((one) => verdicts.get(one))).toEqual(['hit', 'hit', 'queued', 'untouched']);
});

test('where the turn is known only within limits, what comes between them is on the edge', () => {
  const visits = fifo([150, 160, 230, 280, 330], 25);
  const { verdicts } = trueVictims(pause, visits, { ...usual, signMs: 27 }, edgeMs);
  expect(visits.map((one) => verdicts.get(one))).toEqual([
    'hit',
    'hit',
    'queued',
    'edge',
    'untouched',
  ]);
});

test('what took longer than usual was begun with when its turn came: the rest is on the edge', () => {
  const slow = fifo([150, 224], 16);
  const { verdicts, drainMs } = trueVictims(pause, slow, { ...usual, signMs: 8 }, edgeMs);
  expect(drainMs).toBe(0);
  expect(slow.map((one) => verdicts.get(one))).toEqual(['hit', 'edge']);
});

test('who may have been sent before the backlog had drained is on the edge', () => {
  const visits = [...fifo([150, 160], 25), visit(275, 300, { callMs: 268 })];
  const { verdicts } = trueVictims(pause, visits, { ...usual, signMs: 27 }, edgeMs);
  expect(visits.map((one) => verdicts.get(one))).toEqual(['hit', 'hit', 'edge']);
});

test('what a busy tap may have had for longer was perhaps done with sooner', () => {
  const late = { signMs: 240, signBehindMs: 12 };
  const visits = [
    visit(140, 250, { signMs: 228 }),
    visit(150, 260, late),
    visit(226, 262, { signMs: 250, signBehindMs: 20 }),
  ];
  const { verdicts, drainMs } = trueVictims(pause, visits, { ...usual, signMs: 2 }, edgeMs);
  expect(drainMs).toBe(228 - 220);
  expect(visits.map((one) => verdicts.get(one))).toEqual(['hit', 'hit', 'edge']);
});
