import { join } from 'node:path';
import type { CollectorStats } from '../../collector/collector.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import { describe } from '../describe.ts';
import { Stage, type StageOptions } from '../launch/stage.ts';
import type { Progress } from '../progress.ts';
import type { Run, RunPhase } from '../run.ts';
import type { Course } from './course.ts';
import { thisMachine } from './machine.ts';
import type { StatsSnapshot } from './phaseStats.ts';
import { playPhases } from './phases.ts';
import { readBack } from './readBack.ts';
import { type Settled, settle } from './settle.ts';
import { scheduleWarnings } from './warnings.ts';

export interface ExperimentOptions
  extends Pick<StageOptions, 'mesh' | 'meshFile' | 'directory' | 'ports' | 'outside'> {
  readonly startedAt: Date;
  readonly progress: Progress;
  /** Ends the experiment early, with what there is; its reason is an `Error` that says why. */
  readonly signal: AbortSignal;
  /** Leaves the mesh running after a good run. */
  readonly stay: boolean;
}

export interface Experiment {
  readonly run: Run;
  /** What still runs; null when everything has ended. */
  readonly stage: Stage | null;
  /** Aborts when one of the processes that still run ends by itself; its reason says so. */
  readonly broken: AbortSignal;
}

/** Time without a new span after which those that a stack outside has not answered are given up. */
const patienceMs = 15_000;
/** After a failure, which is why some are missing, mostly. */
const hurriedPatienceMs = 2000;

/**
 * One experiment: starts everything; gets the pauses ready under the warm-up's load; measures a
 * baseline, then the same load with pauses; waits until every span is stored; stops everything.
 *
 * Arrivals and user ids of both measured phases come from the same streams of the seed: for as long
 * as both last, the same requests are due at the same times after the start.
 *
 * Never rejects for what happens to the processes: `run.failures` tells it, and what had been
 * measured until then is kept.
 */
export async function runExperiment(options: ExperimentOptions): Promise<Experiment> {
  const { mesh, progress, startedAt } = options;
  const failures: string[] = [];
  const phases: RunPhase[] = [];
  const end = new AbortController();
  const starting = { name: 'the start', sinceUnixMs: startedAt.getTime() };
  let course: Course | null = null;
  const fail = (what: string) => {
    // What comes after the first failure mostly follows from it.
    if (end.signal.aborted) return;
    const doing = course === null ? starting : course.doing;
    const seconds = doing && ((Date.now() - doing.sinceUnixMs) / 1000).toFixed(1);
    const sentence = doing === null ? what : `${seconds} s into ${doing.name}: ${what}`;
    failures.push(sentence);
    progress.say(sentence);
    end.abort(new Error(what));
  };
  const onSignal = () => fail(describe(options.signal.reason));
  if (options.signal.aborted) onSignal();
  options.signal.addEventListener('abort', onSignal, { once: true });

  let stage: Stage | null = null;
  let settled: Settled | null = null;
  try {
    stage = await Stage.start(
      { ...options, withLoad: true, say: (line) => progress.say(line), onDeath: fail },
      end.signal,
    );
    progress.say(startedLine(stage, startedAt));
    course = { mesh, stage, progress, signal: end.signal, phases, doing: starting };
    await playPhases(course);
    course.doing = null;
    settled = await settle(stage, end.signal);
    if (!settled.settled) fail(`the last spans had not reached the collector after 10 s`);
  } catch (error) {
    fail(describe(error));
  }

  options.signal.removeEventListener('abort', onSignal);
  const stay = options.stay && failures.length === 0;
  if (stage !== null && !stay) {
    const isCollectorGone = stage.collector.child === null && settled?.settled === false;
    failures.push(...(await stage.stop(isCollectorGone)));
  }
  const final = finalStats(mesh, stage, stay ? (settled?.services ?? {}) : {});
  const spans: Run['spans'] = {
    load: stage?.load.spans ?? null,
    ...Object.fromEntries(Object.entries(final).map(([name, s]) => [name, s?.spans ?? null])),
  };
  const outside = stage === null ? null : await readOutside(options, stage, spans, failures);
  const run: Run = {
    startedAt: startedAt.toISOString(),
    mesh,
    machine: thisMachine(),
    phases,
    spans,
    final,
    collector: collectorAccount(stage?.collector.lastStats() ?? settled?.collector ?? null),
    ...(outside !== null && { outside }),
    failures,
    warnings: scheduleWarnings(phases),
  };
  return { run, stage: stay ? stage : null, broken: end.signal };
}

function startedLine(stage: Stage, startedAt: Date): string {
  const seconds = ((Date.now() - startedAt.getTime()) / 1000).toFixed(1);
  const processes = stage.processes.map(({ name, pid }) => `${name} (pid ${pid})`);
  return `started in ${seconds} s: ${processes.join(', ')}`;
}

/** Each service's last word; where it still runs, what it said when all was settled. */
function finalStats(mesh: Mesh, stage: Stage | null, settled: StatsSnapshot): Run['final'] {
  const names = Object.keys(mesh.services);
  return Object.fromEntries(
    names.map((name) => [name, stage?.services.get(name)?.stats() ?? settled[name] ?? null]),
  );
}

/** Adds to `failures` what cannot be read. */
async function readOutside(
  { mesh, outside, directory, startedAt, progress }: ExperimentOptions,
  stage: Stage,
  accounts: Run['spans'],
  failures: string[],
): Promise<NonNullable<Run['outside']> | null> {
  if (!outside) return null;
  const startMs = performance.now();
  progress.live(`reading the traces back from ${outside.queryUrl}`);
  const { storedByService, missing } = await readBack({
    source: new JaegerSource(outside.queryUrl),
    mesh,
    attribution: process.env.AFTERSHOCK_ATTRIBUTION === 'on',
    instanceIds: stage.instanceIds,
    accounts,
    startUnixMs: startedAt.getTime(),
    file: join(directory, 'traces.ndjson'),
    patienceMs: failures.length > 0 ? hurriedPatienceMs : patienceMs,
  });
  const count = Object.values(storedByService).reduce((sum, stored) => sum + stored, 0);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  progress.say(`${count} spans read back from ${outside.queryUrl} in ${seconds} s`);
  if (missing !== null) {
    failures.push(missing);
    progress.say(missing);
  }
  return { ...outside, storedByService };
}

function collectorAccount(stats: CollectorStats | null): Run['collector'] {
  if (stats === null) return null;
  const { acceptedByService, rejected, evicted } = stats;
  return { acceptedByService, rejected, evicted };
}
