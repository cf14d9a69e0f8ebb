import { json, type NextFunction, type Request, type Response, Router } from 'express';
import type { Pause } from '../../mesh/mesh.ts';
import { randomStream, sampler } from '../../mesh/random.ts';
import { countCollections } from '../../pauses/collections.ts';
import { loadStrategy } from '../../pauses/load.ts';
import { type PauseMaker, pauseMaker } from '../../pauses/maker.ts';
import { planPauses, type Timetable } from '../../pauses/plan.ts';
import { type Schedule, startSchedule } from '../../pauses/schedule.ts';
import type { PauseRecord } from '../../pauses/strategy.ts';
import type { PausePlan, ServiceStats } from './protocol.ts';

export interface PauseAdminOptions {
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
  /** Ends the plan, waits for the pause that runs, frees ballast and helpers. Idempotent. */
  stop(): Promise<void>;
}

type PlannedKind = Omit<Pause, 'service'>;

interface Running {
  readonly pause: PlannedKind;
  readonly schedule: Schedule;
}

export function pauseAdmin(options: PauseAdminOptions): PauseAdmin {
  const collections = countCollections();
  const maker = pauseMaker({ load: (kind) => loadStrategy(kind, options.folder) });
  let running: readonly Running[] = [];
  // Plans replace each other in the order in which they came.
  let change: Promise<void> = Promise.resolve();

  function replace(plan: PausePlan | null): Promise<void> {
    change = change.then(async () => {
      await Promise.all(running.map(({ schedule }) => schedule.stop()));
      running = plan ? start(plan, maker, options.onError) : [];
    });
    return change;
  }

  const router = Router();
  router.use('/pauses', json({ limit: '64kb' }));
  router.get('/pauses', (_request, response) => {
    response.json(report(running, maker));
  });
  router.post('/pauses/prepare', async (request, response) => {
    const { readOrder } = await import('./pauseInput.ts');
    const order = readOrder(request.body);
    await maker.prepare(order.kind, order.durationMs);
    response.json({ prepared: order });
  });
  router.post('/pauses', async (request, response) => {
    const { readOrder } = await import('./pauseInput.ts');
    response.json(toJson(await maker.make(readOrder(request.body))));
  });
  router.put('/pauses', async (request, response) => {
    const { readPlan } = await import('./pauseInput.ts');
    const plan = readPlan(request.body);
    await replace(plan);
    response.json(report(running, maker));
  });
  router.delete('/pauses', async (_request, response) => {
    await replace(null);
    response.json(report(running, maker));
  });
  router.use('/pauses', problem);

  return {
    router,
    gate: () => maker.gate(),
    counts: () => ({ majorCollections: collections.counts(), pauses: maker.made }),
    async stop() {
      await replace(null);
      await maker.stop();
      collections.stop();
    },
  };
}

function start(
  plan: PausePlan,
  maker: PauseMaker,
  onError: (error: unknown) => void,
): readonly Running[] {
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

function report(running: readonly Running[], maker: PauseMaker): unknown {
  return {
    made: maker.made,
    plan: running.map(({ pause, schedule: { made, failed, putOff } }) => ({
      ...pause,
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

function problem(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) {
    next(error);
    return;
  }
  const status = statusOf(error);
  response
    .status(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: 'about:blank',
        title: status < 500 ? 'Bad pause request' : 'The pause could not be made',
        status,
        detail: error instanceof Error ? error.message : String(error),
      }),
    );
}

/** Body parsers carry their own status; a RangeError or TypeError is the asker's mistake. */
function statusOf(error: unknown): number {
  if (error instanceof Error && 'status' in error && typeof error.status === 'number') {
    return error.status;
  }
  return error instanceof RangeError || error instanceof TypeError ? 400 : 500;
}
