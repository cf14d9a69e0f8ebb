import { json, type NextFunction, type Request, type Response, Router } from 'express';
import type { Pause } from '../../mesh/mesh.ts';
import { mean, randomStream, sampler } from '../../mesh/random.ts';
import { countCollections } from '../../pauses/collections.ts';
import { loadStrategy } from '../../pauses/load.ts';
import { type PauseMaker, type PauseMakerOptions, pauseMaker } from '../../pauses/maker.ts';
import { planPauses, type Timetable } from '../../pauses/plan.ts';
import { type Schedule, startSchedule } from '../../pauses/schedule.ts';
import type { PauseRecord } from '../../pauses/strategy.ts';
import { Problem } from './problem.ts';
import type { PausePlan, ServiceStats } from './protocol.ts';

export interface PauseAdminOptions extends Pick<PauseMakerOptions, 'onStopped' | 'onMade'> {
  /** Paths of strategy modules are relative to it: the mesh file's folder. */
  readonly folder: string;
  /** Tells of a scheduled pause that could not be made. */
  readonly onError: (error: unknown) => void;
}

/** The pauses of one service. */
export interface PauseAdmin {
  /** `/pauses` of the admin API. Parses its own JSON bodies and answers its own errors. */
  readonly router: Router;
  /** To be called before each request's own work, and awaited where it gives a promise. */
  gate(): Promise<void> | undefined;
  counts(): Pick<ServiceStats, 'majorCollections' | 'pauses'>;
  /** As `PUT /pauses` does; what each pause needs is prepared first. */
  start(plan: PausePlan): Promise<void>;
  /** Ends the plan, waits for the pause that runs, frees ballast and helpers. Idempotent. */
  stop(): Promise<void>;
}

type PlannedKind = Omit<Pause, 'service'>;

interface Planned {
  readonly pause: PlannedKind;
  readonly schedule: Schedule;
}

export function pauseAdmin(options: PauseAdminOptions): PauseAdmin {
  const collections = countCollections();
  const { folder, onError, ...hooks } = options;
  const maker = pauseMaker({ load: (kind) => loadStrategy(kind, folder), ...hooks });
  /** The latest plan, also when it has been stopped: its counts are still of interest. */
  let latest: readonly Planned[] = [];
  let stopped = false;
  // Plans replace each other in the order in which they came.
  let change: Promise<void> = Promise.resolve();

  function replace(plan: PausePlan | null): Promise<void> {
    change = change.then(async () => {
      await stopSchedules();
      if (plan && !stopped) latest = startSchedules(plan, maker, onError);
    });
    return change;
  }

  async function stopSchedules(): Promise<void> {
    await Promise.all(latest.map(({ schedule }) => schedule.stop()));
  }

  async function start(plan: PausePlan): Promise<void> {
    for (const { kind, duration } of plan.pauses) {
      // One that cannot be prepared is not made either; the schedule says so each time.
      if (!stopped) await maker.prepare(kind, mean(duration)).catch(() => {});
    }
    await replace(plan);
  }

  const router = Router();
  router.use('/pauses', json({ limit: '64kb' }));
  router.get('/pauses', (_request, response) => {
    response.json(report(latest, maker));
  });
  router.post('/pauses/prepare', async (request, response) => {
    const { readOrder } = await import('./pauseInput.ts');
    const order = readOrder(request.body);
    await maker.prepare(order.kind, order.durationMs);
    response.json({ prepared: order });
  });
  router.post('/pauses', async (request, response) => {
    const { readOrder } = await import('./pauseInput.ts');
    const order = readOrder(request.body);
    // A delay waits for a request: nobody needs it any more once the one who asked has gone.
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    response.json(toJson(await maker.make(order, gone.signal)));
  });
  router.put('/pauses', async (request, response) => {
    const { readPlan } = await import('./pauseInput.ts');
    const plan = readPlan(request.body);
    await replace(plan);
    response.json(report(latest, maker));
  });
  router.delete('/pauses', async (_request, response) => {
    await replace(null);
    response.json(report(latest, maker));
  });
  router.use('/pauses', answerProblem);

  return {
    router,
    gate: () => maker.gate(),
    start,
    counts: () => ({ majorCollections: collections.counts(), pauses: maker.made }),
    async stop() {
      stopped = true;
      // At once: a schedule may wait for its turn behind a pause that only the maker can give up.
      await Promise.all([stopSchedules(), maker.stop()]);
      collections.stop();
    },
  };
}

function startSchedules(
  plan: PausePlan,
  maker: PauseMaker,
  onError: (error: unknown) => void,
): readonly Planned[] {
  return plan.pauses.map((pause, index) => ({
    pause,
    schedule: startSchedule({
      kind: pause.kind,
      phase: pause.phase,
      maker,
      onError,
      plan: planPauses(
        timetable(pause),
        sampler(pause.duration, randomStream(plan.seed, `pause ${index} duration`)),
        randomStream(plan.seed, `pause ${index} interval`),
      ),
    }),
  }));
}

function timetable({ every, once }: PlannedKind): Timetable {
  if (every) return every;
  return { type: 'once', after: once ?? 0 };
}

function report(planned: readonly Planned[], maker: PauseMaker): unknown {
  return {
    made: maker.made,
    plan: planned.map(({ pause, schedule: { running, made, failed, putOff } }) => ({
      ...pause,
      running,
      made,
      failed,
      putOff,
    })),
    records: maker.records.map(toJson),
  };
}

/** JSON has no 64-bit integers: times become decimal strings, as in OTLP. */
function toJson(record: PauseRecord): unknown {
  return {
    ...record,
    startUnixNano: String(record.startUnixNano),
    endUnixNano: String(record.endUnixNano),
  };
}

function answerProblem(
  error: unknown,
  _request: Request,
  response: Response,
  next: NextFunction,
): void {
  if (response.headersSent) {
    next(error);
    return;
  }
  const detail = error instanceof Error ? error.message : String(error);
  const problem = new Problem(statusOf(error), 'pause', detail, { cause: error });
  response
    .status(problem.status)
    .type('application/problem+json')
    .send(problem.body('admin', undefined));
}

/** Parsers give a status of their own; strategies refuse with a RangeError, modules with a TypeError. */
function statusOf(error: unknown): number {
  if (!(error instanceof Error)) return 500;
  if ('status' in error && typeof error.status === 'number') return error.status;
  if (error.name === 'AbortError') return 503; // given up: the service stops
  return error instanceof RangeError || error instanceof TypeError ? 400 : 500;
}
