import { setTimeout as sleep } from 'node:timers/promises';
import { entryRoute } from '../load/entryRoute.ts';
import type { LoadSnapshot } from '../load/generator.ts';
import type { PlayedLoad } from '../load/loadProcess.ts';
import type { PhaseName, RunPhase } from '../run.ts';
import type { Course } from './course.ts';
import { countPauses, preparePauses, startPauses, stopPauses } from './pauses.ts';
import { phaseLine } from './phaseLine.ts';
import { takeStats, usageBetween } from './phaseStats.ts';

const statsTimeoutMs = 5000;
const countPausesEveryMs = 1000;
/** Longest time that the warm-up goes on beyond its own while pauses are being prepared. */
const prepareAllowanceMs = 60_000;
/** The load goes on this long after the last pause could begin, so that its backlog drains in it. */
const quietEndMs = 1000;

/**
 * Plays the three phases one after the other; each is pushed to `course.phases` when it has ended.
 * @throws {Error} if a pause cannot be prepared or started, or the experiment is to end early.
 */
export async function playPhases(course: Course): Promise<void> {
  await warmUp(course);
  await playPhase(course, 'baseline', course.mesh.durations.baseline, {});
  await pausesPhase(course);
}

/** Lasts until the pauses are prepared, and at least as long as the mesh says. */
async function warmUp(course: Course): Promise<void> {
  const { mesh, stage, signal } = course;
  await playPhase(course, 'warmup', mesh.durations.warmup + prepareAllowanceMs, {
    shownDurationMs: mesh.durations.warmup,
    async during(endPhase) {
      const enough = pass(mesh.durations.warmup, signal);
      // A ballast is calibrated by trial, and code that is still being compiled makes slow trials.
      await pass(mesh.durations.warmup / 2, signal);
      signal.throwIfAborted();
      await preparePauses(stage, mesh);
      await enough;
      endPhase();
    },
  });
}

async function pausesPhase(course: Course): Promise<void> {
  const { mesh, stage, signal } = course;
  const durationMs = mesh.durations.pauses;
  await playPhase(course, 'pauses', durationMs, {
    countPauses: true,
    async during() {
      await startPauses(stage, mesh);
      await pass(durationMs - Math.min(quietEndMs, durationMs / 10), signal);
      await stopPauses(stage, mesh);
    },
  });
}

interface PhaseOptions {
  /** Length to show, where it is not the schedule's. */
  readonly shownDurationMs?: number;
  readonly countPauses?: boolean;
  /** What else goes on, from the beginning of the load; it may end the phase before its time. */
  readonly during?: (endPhase: () => void) => Promise<void>;
}

async function playPhase(
  course: Course,
  phase: PhaseName,
  durationMs: number,
  options: PhaseOptions,
): Promise<void> {
  const { mesh, stage, progress, signal } = course;
  signal.throwIfAborted();
  course.doing = { name: `the ${phase} phase`, sinceUnixMs: Date.now() };
  const over = new AbortController();
  const before = await takeStats(stage, statsTimeoutMs);
  const pausesMade = () => countPauses(stage, mesh);
  const pausesBefore = options.countPauses ? await pausesMade() : 0;
  let pauses: number | null = options.countPauses ? 0 : null;
  const counting =
    options.countPauses && progress.isLive
      ? setInterval(async () => {
          pauses = (await pausesMade()) - pausesBefore;
        }, countPausesEveryMs)
      : undefined;

  const startMs = performance.now();
  const shownS = (options.shownDurationMs ?? durationMs) / 1000;
  const show = (snapshot: LoadSnapshot) => {
    const elapsedMs = performance.now() - startMs;
    const elapsedS = Math.floor(elapsedMs / 1000);
    const time =
      elapsedS > shownS ? `${elapsedS} s, preparing pauses` : `${elapsedS} of ${shownS} s`;
    progress.live(`${phase.padEnd(8)} ${time} · ${phaseLine(snapshot, elapsedMs, pauses)}`);
  };
  const load = stage.load.play(
    {
      type: 'play',
      phase,
      load: mesh.load,
      origin: stage.service(mesh.entry).url,
      route: entryRoute(mesh),
      durationMs,
      seed: mesh.seed,
      stream: phase === 'warmup' ? 'warmup' : 'load',
    },
    AbortSignal.any([signal, over.signal]),
    show,
  );
  let trouble: unknown = null;
  const during = options
    .during?.(() => over.abort())
    .catch((error: unknown) => {
      trouble = error;
      over.abort();
    });
  const played = await load;
  await during;
  clearInterval(counting);
  if (options.countPauses) pauses = (await pausesMade()) - pausesBefore;
  const after = await takeStats(stage, statsTimeoutMs);
  course.phases.push(runPhase(phase, played, usageBetween(before, after)));
  const lastedMs = played.endUnixMs - played.startUnixMs;
  const lasted = `${(lastedMs / 1000).toFixed(1)} s`.padStart(6);
  progress.say(`${phase.padEnd(8)} ${lasted} · ${phaseLine(played.snapshot, lastedMs, pauses)}`);
  if (trouble !== null) throw trouble;
  signal.throwIfAborted();
}

/** Resolves after `ms`, or when `signal` aborts. */
async function pass(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

function runPhase(name: PhaseName, played: PlayedLoad, services: RunPhase['services']): RunPhase {
  const { intended, sent, dropped, lateMs } = played.snapshot;
  return {
    name,
    startUnixMs: played.startUnixMs,
    endUnixMs: played.endUnixMs,
    load: { intended, sent, dropped, lateMs, cpuMs: played.cpuMs },
    services,
  };
}
