import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { PauseMaker, PauseRequest } from '../../pauses/maker.ts';
import type { PlannedPause } from '../../pauses/plan.ts';
import { type Schedule, startSchedule } from '../../pauses/schedule.ts';
import type { PauseRecord } from '../../pauses/strategy.ts';

type Making = Pick<PauseMaker, 'prepare' | 'make' | 'busy'>;

function plan(...pauses: [atMs: number, durationMs: number][]): PlannedPause[] {
  return pauses.map(([atMs, durationMs]) => ({ atMs, durationMs }));
}

function recordOf(request: PauseRequest, measuredMs: number): PauseRecord {
  return {
    sequence: 1,
    kind: request.kind,
    phase: request.phase,
    requestedMs: request.durationMs,
    startUnixNano: 0n,
    endUnixNano: 0n,
    measuredMs,
  };
}

/** A maker whose pauses take no time, but for what `make` and `prepare` say. */
function fakeMaker(fakes: Partial<Making> = {}): { maker: Making; startsMs: number[] } {
  const startsMs: number[] = [];
  const maker: Making = {
    busy: false,
    prepare: async () => {},
    async make(request) {
      startsMs.push(performance.now());
      return recordOf(request, 0);
    },
    ...fakes,
  };
  return { maker, startsMs };
}

function start(maker: Making, pauses: Iterable<PlannedPause>): [Schedule, unknown[]] {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  return [startSchedule({ kind: 'block', phase: 'poll', plan: pauses, maker, onError }), errors];
}

function counts({ made, failed, putOff, running }: Schedule): object {
  return { made, failed, putOff, running };
}

describe('startSchedule()', () => {
  test('makes each pause at its time, not before', async () => {
    const beganMs = performance.now();
    const { maker, startsMs } = fakeMaker();
    const [schedule] = start(maker, plan([20, 1], [50, 1], [90, 1]));
    await schedule.done;
    expect(schedule.made).toBe(3);
    for (const [i, atMs] of [20, 50, 90].entries()) {
      // Timers of the system count in whole milliseconds.
      expect((startsMs[i] ?? 0) - beganMs).toBeGreaterThanOrEqual(atMs - 1);
    }
  });

  test('prepares a pause before it is due', async () => {
    const events: string[] = [];
    const { maker } = fakeMaker({
      prepare: async (_kind, durationMs) => void events.push(`prepare ${durationMs}`),
      make: async (request) => {
        events.push(`make ${request.durationMs}`);
        return recordOf(request, 0);
      },
    });
    const [schedule] = start(maker, plan([1, 60], [2, 70]));
    await schedule.done;
    expect(events).toEqual(['prepare 60', 'make 60', 'prepare 70', 'make 70']);
  });

  test('puts off a pause that is not ready when it is due, and all later ones with it', async () => {
    const startsMs: number[] = [];
    let preparing = 0;
    const maker: Making = {
      get busy() {
        return preparing > 0;
      },
      async prepare(_kind, durationMs) {
        preparing++;
        await sleep(durationMs);
        preparing--;
      },
      async make(request) {
        startsMs.push(performance.now());
        return recordOf(request, 0);
      },
    };
    const [schedule] = start(maker, plan([10, 60], [50, 1]));
    await schedule.done;
    expect(counts(schedule)).toEqual({ made: 2, failed: 0, putOff: 1, running: false });
    const [first = 0, second = 0] = startsMs;
    expect(second - first).toBeGreaterThanOrEqual(30); // 40 as planned, although both were due long ago
  });

  test('puts off a pause that is due while the one before still runs', async () => {
    const { maker } = fakeMaker({
      async make(request) {
        await sleep(30);
        return recordOf(request, 30);
      },
    });
    const [schedule] = start(maker, plan([1, 30], [10, 30], [200, 30]));
    await schedule.done;
    expect(counts(schedule)).toEqual({ made: 3, failed: 0, putOff: 1, running: false });
  });

  test.each([
    { where: 'prepare', fake: { prepare: () => Promise.reject(new Error('too short')) } },
    { where: 'make', fake: { make: () => Promise.reject(new Error('too short')) } },
  ])('counts and tells a pause that fails in $where, and goes on', async ({ fake }) => {
    const [schedule, errors] = start(fakeMaker(fake).maker, plan([1, 1], [100, 1]));
    await schedule.done;
    expect(counts(schedule)).toEqual({ made: 0, failed: 2, putOff: 0, running: false });
    expect(errors).toEqual([new Error('too short'), new Error('too short')]);
  });

  test('stop() keeps a pause from beginning, at once and for good', async () => {
    const { maker, startsMs } = fakeMaker();
    const [schedule] = start(maker, plan([3_600_000, 1], [3_600_001, 1]));
    await schedule.stop();
    await schedule.stop();
    expect(counts(schedule)).toEqual({ made: 0, failed: 0, putOff: 0, running: false });
    expect(startsMs).toEqual([]);
  });

  test('stop() waits for the pause that runs', async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const { maker } = fakeMaker({
      async make(request) {
        begin();
        await ended;
        return recordOf(request, 0);
      },
    });
    const [schedule] = start(maker, plan([1, 1], [2, 1]));
    await begun;
    let stopped = false;
    const stopping = schedule.stop().then(() => {
      stopped = true;
    });
    await sleep(5);
    expect(stopped).toBe(false);
    end();
    await stopping;
    expect(schedule.made).toBe(1);
  });
});
