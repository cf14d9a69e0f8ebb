import { setTimeout as sleep } from 'node:timers/promises';
import type { PauseMaker } from './maker.ts';
import type { PlannedPause } from './plan.ts';
import type { Phase } from './strategy.ts';

/** After a pause its backlog drains undisturbed for this long, or less where the next one is near. */
const QUIET_MS = 500;

export interface ScheduleOptions {
  readonly kind: string;
  readonly phase: Phase;
  readonly plan: Iterable<PlannedPause>;
  readonly maker: Pick<PauseMaker, 'prepare' | 'make' | 'busy'>;
  /** A pause that could not be made; the schedule goes on with the next. */
  readonly onError: (error: unknown) => void;
}

/** Plays a plan. Counts are of this schedule alone. */
export interface Schedule {
  readonly made: number;
  readonly failed: number;
  /**
   * Pauses that were due while another was running or while this one was not ready yet. They are
   * made as soon as they can be, and all later ones move by as much: none is lost, and the time
   * between two starts never gets shorter than planned.
   */
  readonly putOff: number;
  /** False once the plan is at its end, or was stopped. */
  readonly running: boolean;
  /** Resolves when it no longer runs. */
  readonly done: Promise<void>;
  /** No pause begins after this; resolves when the one that runs is over. Idempotent. */
  stop(): Promise<void>;
}

/** Time 0 of the plan is the call. */
export function startSchedule(options: ScheduleOptions): Schedule {
  const { kind, phase, maker, plan } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const counts = { made: 0, failed: 0, putOff: 0 };

  async function play(): Promise<void> {
    const startMs = performance.now();
    let shiftMs = 0;
    for (const { atMs, durationMs } of plan) {
      if (signal.aborted) return;
      const dueMs = startMs + shiftMs + atMs;
      try {
        let hindered = performance.now() > dueMs;
        const quietMs = Math.min(QUIET_MS, (dueMs - performance.now()) / 4);
        await sleep(Math.max(0, quietMs), undefined, { signal });
        const ready = maker.prepare(kind, durationMs);
        ready.catch(() => {}); // awaited below, once the pause is due
        await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal });
        hindered ||= maker.busy;
        if (hindered) counts.putOff++;
        await ready;
        const record = await maker.make({ kind, phase, durationMs }, signal);
        counts.made++;
        const startedMs = performance.now() - record.measuredMs;
        if (hindered) shiftMs += Math.max(0, startedMs - dueMs);
      } catch (error) {
        if (signal.aborted) return;
        counts.failed++;
        options.onError(error);
      }
    }
  }

  let running = true;
  const done = play().finally(() => {
    running = false;
  });
  return {
    get running() {
      return running;
    },
    get made() {
      return counts.made;
    },
    get failed() {
      return counts.failed;
    },
    get putOff() {
      return counts.putOff;
    },
    done,
    async stop() {
      abort.abort();
      await done;
    },
  };
}
