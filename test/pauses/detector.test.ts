import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../pauses/clock.ts';
import type { DetectedPause, PauseDetector } from '../../pauses/detector/detectedPause.ts';
import { type PauseDetectorOptions, pauseDetector } from '../../pauses/detector/detector.ts';
import { loadStrategy } from '../../pauses/load.ts';
import { pauseMaker } from '../../pauses/maker.ts';
import blockStrategy from '../../pauses/strategies/block.ts';

const logger = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const detectors: PauseDetector[] = [];

function detector(options: PauseDetectorOptions = {}): {
  detector: PauseDetector;
  pauses: DetectedPause[];
} {
  const made = pauseDetector({ logger, ...options });
  const pauses: DetectedPause[] = [];
  made.onPause((pause) => pauses.push(pause));
  detectors.push(made);
  return { detector: made, pauses };
}

afterEach(async () => {
  for (const made of detectors.splice(0)) await made.stop();
  vi.clearAllMocks();
});

function nowUnixNano(): bigint {
  return systemClock.unixNano(systemClock.monotonicNano());
}

const { strike } = blockStrategy();

interface Interval {
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
}

function block(durationMs: number): Interval {
  const startUnixNano = nowUnixNano();
  strike(durationMs);
  return { startUnixNano, endUnixNano: nowUnixNano() };
}

/** Share of `made` that is covered by a pause of `kinds` that was seen. */
function covered(made: Interval, seen: readonly DetectedPause[], kinds: readonly string[]): number {
  let nano = 0n;
  for (const { kind, startUnixNano, endUnixNano } of seen) {
    if (!kinds.includes(kind)) continue;
    const from = startUnixNano > made.startUnixNano ? startUnixNano : made.startUnixNano;
    const to = endUnixNano < made.endUnixNano ? endUnixNano : made.endUnixNano;
    if (to > from) nano += to - from;
  }
  return Number(nano) / Number(made.endUnixNano - made.startUnixNano);
}

/** Waits until nothing that began before now is still to be reported. */
async function settled(watched: PauseDetector): Promise<void> {
  const fromUnixNano = nowUnixNano();
  await vi.waitUntil(() => watched.settledUnixMicros() > Number(fromUnixNano) / 1000, {
    timeout: 5000,
    interval: 5,
  });
}

test.each([
  // On a busy machine a thread may wait for a core most of the time, the second one for its turn.
  { kind: 'block', kinds: ['block', 'starved'] },
  { kind: 'gc', kinds: ['gc'] },
  { kind: 'freeze', kinds: ['freeze', 'starved'] },
])('pauseDetector() sees a $kind pause that was made, where it was', async ({ kind, kinds }) => {
  const { detector: watched, pauses } = detector();
  await watched.start();
  const maker = pauseMaker({ load: (name) => loadStrategy(name, import.meta.dirname) });
  try {
    await maker.prepare(kind, 150);
    await sleep(50);
    const made = await maker.make({ kind, durationMs: 150, phase: 'poll' });
    await settled(watched);
    expect(covered(made, pauses, kinds)).toBeGreaterThan(0.8);
  } finally {
    await maker.stop();
  }
});

test('pauseDetector() tells a freeze from the work of a loop that never rests', async () => {
  const { detector: watched, pauses } = detector();
  await watched.start();
  const maker = pauseMaker({ load: (name) => loadStrategy(name, import.meta.dirname) });
  let goesOn = true;
  function turn(): void {
    if (!goesOn) return;
    watched.mark();
    block(0.2);
    setImmediate(turn);
  }
  try {
    await maker.prepare('freeze', 40);
    turn();
    const shares: number[] = [];
    for (let i = 0; i < 6; i++) {
      await sleep(170); // so that it does not look as closely as right after a pause
      const made = await maker.make({ kind: 'freeze', durationMs: 40, phase: 'poll' });
      await settled(watched);
      shares.push(covered(made, pauses, ['freeze', 'starved']));
    }
    // On a busy machine it may lose its core besides. Who counted all CPU would be right in few.
    expect(shares.filter((share) => share > 0.7).length, String(shares)).toBeGreaterThanOrEqual(4);
  } finally {
    goesOn = false;
    await maker.stop();
  }
});

test.runIf(process.platform === 'linux')(
  'pauseDetector() counts the CPU of a block that comes before its first look',
  async () => {
    const { detector: watched, pauses } = detector();
    watched.start();
    block(100);
    await settled(watched);
    const { mainThreadCpuMs, runDelayMs } = pauses[0]?.evidence ?? {};
    expect((mainThreadCpuMs ?? 0) + (runDelayMs ?? 0)).toBeGreaterThan(50);
  },
);

test('pauseDetector() numbers pauses, and each ends after it began', async () => {
  const { detector: watched, pauses } = detector();
  await watched.start();
  for (let i = 0; i < 5; i++) {
    block(30);
    await sleep(5);
  }
  await settled(watched);
  expect(pauses.length).toBeGreaterThanOrEqual(5);
  expect(pauses.map(({ sequence }) => sequence)).toEqual(pauses.map((_, index) => index + 1));
  for (const { startUnixNano, endUnixNano } of pauses) {
    expect(endUnixNano).toBeGreaterThan(startUnixNano);
  }
});

test('pauseDetector() had recovered before a block and not within it', async () => {
  const { detector: watched } = detector();
  await watched.start();
  watched.mark();
  const beganMicros = Number(nowUnixNano()) / 1000;
  const restedMicros = watched.restedMicros();
  await sleep(100);
  const made = block(100);
  watched.mark();
  const recoveredMicros = watched.recoveredUnixMicros() ?? 0;
  const startMicros = Number(made.startUnixNano) / 1000;
  expect(recoveredMicros).toBeLessThanOrEqual(startMicros + 1000);
  expect(recoveredMicros).toBeGreaterThan(startMicros - 5_000_000);
  // Not the block, but what it had rested before.
  const restMicros = watched.restedMicros() - restedMicros;
  expect(restMicros).toBeGreaterThan(20_000);
  expect(restMicros).toBeLessThan(recoveredMicros - beganMicros + 1000);
});

test('pauseDetector() knows of a loop that never rests what was not there at its last polls', async () => {
  const { detector: watched } = detector();
  await watched.start();
  await sleep(50);
  const seen: { recoveredMicros: number; absentMicros: number; turnsAgo: number }[] = [];
  const turns: number[] = [];
  await new Promise<void>((resolve) => {
    const turn = () => {
      turns.push(Number(nowUnixNano()) / 1000);
      block(3);
      watched.mark();
      const absentMicros = watched.lastAbsentUnixMicros() ?? 0;
      seen.push({
        recoveredMicros: watched.recoveredUnixMicros() ?? 0,
        absentMicros,
        turnsAgo: turns.filter((begun) => begun > absentMicros).length,
      });
      if (turns.length < 30) setImmediate(turn);
      else resolve();
    };
    setImmediate(turn);
  });
  const last = seen.at(-1);
  expect(last?.recoveredMicros).toBeLessThan(turns[1] ?? 0);
  expect(last?.absentMicros).toBeGreaterThan(turns[20] ?? 0);
  expect(last?.turnsAgo).toBeGreaterThanOrEqual(2);
});

test.each([
  [1, 0],
  [4, 0],
  [5, 5],
])(
  'pauseDetector() takes turns of %i ms after rests of %i ms, of which it is not told, for no block',
  async (turnMs, restMs) => {
    const { detector: watched, pauses } = detector();
    await watched.start();
    const startUnixNano = nowUnixNano();
    const long: Interval[] = [];
    for (let i = 0; i < 600 / (turnMs + restMs); i++) {
      const turn = block(turnMs);
      // Without a core for a while, it was a stall after all.
      if (turn.endUnixNano - turn.startUnixNano > 7_000_000n) long.push(turn);
      await (restMs === 0 ? new Promise(setImmediate) : sleep(restMs));
    }
    const all = { startUnixNano, endUnixNano: nowUnixNano() };
    await settled(watched);
    const wrong = pauses.filter(
      (pause) => !long.some((turn) => covered(turn, [pause], [pause.kind]) > 0),
    );
    // Before it looks more closely it may take the first of them for one.
    expect(covered(all, wrong, ['block'])).toBeLessThan(0.15);
  },
);

test('pauseDetector() sees blocks in a loop that is busy with turns of which it is not told', async () => {
  const { detector: watched, pauses } = detector();
  await watched.start();
  const turns = setInterval(() => block(1), 4);
  try {
    await sleep(100);
    const made: Interval[] = [];
    for (let i = 0; i < 10; i++) {
      made.push(block(12));
      await sleep(60);
    }
    await settled(watched);
    const seen = made.filter((one) => covered(one, pauses, ['block', 'starved']) > 0.75);
    expect(seen.length).toBeGreaterThanOrEqual(7);
  } finally {
    clearInterval(turns);
  }
});

test('pauseDetector() may be started twice and sees each pause once', async () => {
  const { detector: watched, pauses } = detector();
  await Promise.all([watched.start(), watched.start()]);
  await sleep(100);
  const made = block(100);
  await settled(watched);
  const overlapping = pauses.filter((pause) => covered(made, [pause], [pause.kind]) > 0.1);
  expect(overlapping).toHaveLength(1);
});

test('pauseDetector() stopped right after a pause still reports it, and nothing later', async () => {
  const { detector: watched, pauses } = detector();
  await watched.start();
  await sleep(50);
  const made = block(100);
  await watched.stop();
  expect(covered(made, pauses, ['block', 'starved', 'unknown'])).toBeGreaterThan(0.8);
  const reported = pauses.length;
  block(50);
  watched.mark();
  await sleep(50);
  expect(pauses).toHaveLength(reported);
  await watched.stop();
});

test('pauseDetector() can be started again', async () => {
  const { detector: watched, pauses } = detector();
  await watched.start();
  await watched.stop();
  await watched.start();
  const made = block(60);
  await settled(watched);
  expect(covered(made, pauses, ['block', 'starved', 'unknown'])).toBeGreaterThan(0.8);
});

test('pauseDetector() says which listener failed and goes on', async () => {
  const { detector: watched, pauses } = detector();
  watched.onPause(() => {
    throw new Error('not today');
  });
  await watched.start();
  block(60);
  await settled(watched);
  expect(logger.error).toHaveBeenCalled();
  expect(pauses.length).toBeGreaterThan(0);
});

test('pauseDetector() that was never started knows nothing and lets nobody wait', () => {
  const { detector: watched } = detector();
  watched.mark();
  watched.inFlight(3);
  const beforeMicros = Number(nowUnixNano()) / 1000;
  expect(watched.recoveredUnixMicros()).toBeNull();
  expect(watched.lastAbsentUnixMicros()).toBeNull();
  expect(watched.coreWaitMicros()).toBe(0);
  expect(watched.restedMicros()).toBe(0);
  expect(watched.settledUnixMicros()).toBeGreaterThanOrEqual(beforeMicros);
});

function computeTotals(): void {
  block(400);
}

function runScript(): void {
  execFileSync(process.execPath, ['--eval', 'setTimeout(() => {}, 300)']);
}

test.each([computeTotals, runScript])('pauseDetector() takes the stack of %o', async (culprit) => {
  const { detector: watched, pauses } = detector({ stackAfterMs: 20 });
  await watched.start();
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  let promised = false;
  Promise.resolve().then(() => {
    promised = true;
  });
  culprit();
  expect(promised).toBe(false); // asking for the stack runs nobody else's code
  expect(Error.stackTraceLimit).toBe(0);
  Error.stackTraceLimit = stackTraceLimit;
  await settled(watched);
  expect(pauses.map(({ stack }) => stack ?? '').join('\n')).toContain(`at ${culprit.name} (`);
});

test('pauseDetector() takes no stack unless it is told to', async () => {
  const { detector: watched, pauses } = detector();
  await watched.start();
  await sleep(50);
  computeTotals();
  await settled(watched);
  expect(pauses.length).toBeGreaterThan(0);
  for (const pause of pauses) expect(pause).not.toHaveProperty('stack');
});

test('pauseDetector() bears a thousand stalls that come faster than their evidence', async () => {
  const quick = pauseDetector({ logger, minimumMs: 1 });
  detectors.push(quick);
  let seen = 0;
  quick.onPause(() => {
    seen++;
  });
  await quick.start();
  for (let i = 0; i < 1000; i++) {
    quick.mark();
    block(1);
    await null;
  }
  await settled(quick);
  expect(seen).toBeGreaterThan(900);
});

test('pauseDetector() whose second thread dies starts another, and at last does without', async () => {
  let worker: Worker | null = null;
  const remember = (created: Worker) => {
    worker = created;
  };
  process.on('worker', remember);
  try {
    const { detector: watched, pauses } = detector();
    await watched.start();
    for (let deaths = 1; deaths <= 4; deaths++) {
      await vi.waitUntil(() => worker !== null);
      const dying = worker as unknown as Worker;
      worker = null;
      await dying.terminate();
      await vi.waitUntil(() => logger.warn.mock.calls.length === deaths);
    }
    expect(logger.warn.mock.calls.map(([line]) => line.split('; ')[1])).toEqual([
      'it is started again',
      'it is started again',
      'it is started again',
      'it is not started again',
    ]);
    expect(worker).toBeNull();
    const made = block(100);
    await settled(watched);
    const seen = pauses.filter((pause) => covered(made, [pause], [pause.kind]) > 0.5);
    expect(seen.map(({ evidence }) => evidence.heartbeatGapMs)).toEqual([null]);
  } finally {
    process.off('worker', remember);
  }
});
