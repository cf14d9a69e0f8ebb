import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadStrategy } from '../../pauses/load.ts';
import { pauseMaker } from '../../pauses/maker.ts';
import type { PauseStrategy, Phase } from '../../pauses/strategy.ts';

interface Conformance {
  readonly kind: string;
  /** Long enough for a collection of the test runner's own heap to be shorter. */
  readonly durationMs: number;
  readonly stopsLoop: boolean;
  readonly stopsProcess: boolean;
  readonly collects: boolean;
  /** What `strike` says without `prepare`; null: nothing has to be prepared. */
  readonly unprepared: RegExp | null;
}

const strategies: readonly Conformance[] = [
  {
    kind: 'gc',
    durationMs: 100,
    stopsLoop: true,
    stopsProcess: false,
    collects: true,
    unprepared: /^There is no ballast for a gc pause: call prepare\(100\) first$/,
  },
  {
    kind: 'block',
    durationMs: 60,
    stopsLoop: true,
    stopsProcess: false,
    collects: false,
    unprepared: null,
  },
  {
    kind: 'freeze',
    durationMs: 60,
    stopsLoop: true,
    stopsProcess: true,
    collects: false,
    unprepared: /^Nothing would end a freeze: call prepare\(60\) first$/,
  },
  {
    kind: 'delay',
    durationMs: 60,
    stopsLoop: false,
    stopsProcess: false,
    collects: false,
    unprepared: null,
  },
];

/** Turns of the loop, each with its time, until stopped. */
function recordTurns(): () => readonly bigint[] {
  const turns: bigint[] = [];
  let immediate = setImmediate(function turn() {
    turns.push(process.hrtime.bigint());
    immediate = setImmediate(turn);
  });
  return () => {
    clearImmediate(immediate);
    return turns;
  };
}

/** Beats of another thread since it was started; it keeps on while only this one is stopped. */
async function heartbeat(): Promise<{ beats(): number; stop(): Promise<number> }> {
  const count = new Int32Array(new SharedArrayBuffer(4));
  const idle = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `const { workerData: { count, idle } } = require('node:worker_threads');
     for (;;) { Atomics.wait(idle, 0, 0, 1); Atomics.add(count, 0, 1); Atomics.notify(count, 0); }`,
    { eval: true, workerData: { count, idle } },
  );
  await Atomics.waitAsync(count, 0, 0).value;
  return { beats: () => Atomics.load(count, 0), stop: () => worker.terminate() };
}

describe.each(strategies)('$kind', (conformance) => {
  const { kind, durationMs } = conformance;
  const stops: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  // One for all tests, so that a collection is calibrated only once: the makers leave it running.
  let strategy: PauseStrategy;
  beforeAll(async () => {
    strategy = await loadStrategy(kind, '.');
  });
  afterAll(() => strategy.stop());

  if (conformance.unprepared) {
    const message = conformance.unprepared;
    test('strike() without prepare() says so and does not stop anything', async () => {
      await expect((async () => strategy.strike(durationMs))()).rejects.toThrow(message);
      await strategy.stop();
      await expect((async () => strategy.strike(durationMs))()).rejects.toThrow(message);
    });
  }

  test.each<Phase>(['poll', 'check', 'timers'])('pauses in %s', async (phase) => {
    const beat = await heartbeat();
    stops.push(beat.stop);
    let beatsBefore = 0;
    let beatsAfter = 0;
    const maker = pauseMaker({
      clock: { monotonicNano: process.hrtime.bigint, unixNano: (nano) => nano },
      load: async () => ({
        ...strategy,
        stop: async () => {},
        strike(ms, signal) {
          beatsBefore = beat.beats();
          const result = strategy.strike(ms, signal);
          beatsAfter = beat.beats();
          return result;
        },
      }),
    });
    stops.push(() => maker.stop());
    await maker.prepare(kind, durationMs);
    const endTurns = recordTurns();
    const making = maker.make({ kind, durationMs, phase });
    if (!conformance.stopsLoop) while (!maker.gate()) await new Promise(setImmediate);
    const record = await making;
    const turns = endTurns();

    expect(record).toMatchObject({ sequence: 1, kind, phase, requestedMs: durationMs });
    expect(record.measuredMs).toBe(Number(record.endUnixNano - record.startUnixNano) / 1e6);
    // How exact a collection's length is depends on the machine: that is for the benchmark.
    if (!conformance.collects) expect(record.measuredMs).toBeGreaterThanOrEqual(durationMs - 1);
    const within = turns.filter((t) => t > record.startUnixNano && t < record.endUnixNano);
    if (conformance.stopsLoop) expect(within).toEqual([]);
    else expect(within.length).toBeGreaterThan(1);
    if (conformance.stopsProcess) expect(beatsAfter - beatsBefore).toBeLessThan(durationMs / 4);
    if (conformance.collects) {
      expect(record.collectionMs).toBeGreaterThan(0);
      expect(record.collectionMs).toBeLessThanOrEqual(record.measuredMs);
    } else expect(record.collectionMs).toBeUndefined();
  });

  if (conformance.stopsLoop && !conformance.stopsProcess) {
    test('stops its own thread only', async () => {
      const beat = await heartbeat();
      stops.push(beat.stop);
      await strategy.prepare(durationMs);
      // On a busy machine the other thread may have no core for a whole pause, but not for ever.
      for (let beats = 0; beats < 2; ) {
        const before = beat.beats();
        await strategy.strike(durationMs);
        beats += beat.beats() - before;
      }
    });
  }

  test('pauses again after another length was prepared', async () => {
    const maker = pauseMaker({ load: async () => ({ ...strategy, stop: async () => {} }) });
    stops.push(() => maker.stop());
    for (const ms of [durationMs, durationMs * 1.5, durationMs]) {
      const making = maker.make({ kind, durationMs: ms, phase: 'poll' });
      if (!conformance.stopsLoop) while (!maker.gate()) await new Promise(setImmediate);
      expect((await making).requestedMs).toBe(ms);
    }
    expect(maker.made).toBe(3);
  });

  test('stop() lets go of everything, and may be called twice', async () => {
    await strategy.prepare(durationMs);
    await strategy.stop();
    await strategy.stop();
    if (conformance.unprepared) {
      await expect((async () => strategy.strike(durationMs))()).rejects.toThrow(
        conformance.unprepared,
      );
    }
  });
});
