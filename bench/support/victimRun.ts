import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { settle } from '../../lab/experiment/settle.ts';
import { Stage } from '../../lab/launch/stage.ts';
import { entryRoute } from '../../lab/load/entryRoute.ts';
import type { PhaseName } from '../../lab/run.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { randomStream } from '../../mesh/random.ts';
import { parseMesh } from '../../mesh/read.ts';
import type { Phase } from '../../pauses/strategy.ts';
import type { PauseOrder } from '../../services/kit/protocol.ts';
import { readTraceFile } from '../../traces/source/traceFile.ts';
import type { Span } from '../../traces/span.ts';
import { startTapProcess } from './tapProcess.ts';
import type { TappedRequest } from './wireTap.ts';

/** Which service pauses, how, and under what load. */
export interface Setting {
  readonly service: 'auth' | 'user';
  readonly kind: string;
  readonly ratePerSecond: number;
  /** What the paused service does for a request. */
  readonly work: Readonly<Record<string, unknown>>;
  /** Rounds of one pause in each phase of the loop. */
  readonly rounds: number;
  readonly baselineMs: number;
  /** Whether spans are to say whom a pause hit. */
  readonly attribution: 'on' | 'off';
}

/** A pause by the record of whoever made it. */
export interface MadePause {
  readonly kind: string;
  readonly phase: Phase;
  readonly sequence: number;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
}

export interface VictimRun {
  readonly spans: readonly Span[];
  readonly pauses: readonly MadePause[];
  /** What was on the wire to auth and to user. */
  readonly tapped: readonly TappedRequest[];
}

export const pauseMs = 120;
export const phases: readonly Phase[] = ['poll', 'check', 'timers'];
/** From the end of one pause to the next, besides a random part as long: backlogs drain meanwhile. */
const betweenMs = 300;
const warmUpMs = 4000;
const timeoutMs = 30_000;

/** The three services, some load, and pauses one after the other, in an order of chance. */
export async function victimRun(setting: Setting, seed: number): Promise<VictimRun> {
  const folder = await mkdtemp(join(tmpdir(), 'aftershock-victims-'));
  const mesh = meshOf(setting, seed);
  const meshFile = join(folder, 'mesh.json');
  await writeFile(meshFile, JSON.stringify(mesh));
  const over = new AbortController();
  const taps = await startTapProcess(['auth', 'user']);
  const stage = await Stage.start(
    {
      mesh,
      meshFile,
      directory: folder,
      ports: {},
      withLoad: true,
      env: {
        AFTERSHOCK_ATTRIBUTION: setting.attribution,
        AFTERSHOCK_PEERS: JSON.stringify(taps.urls),
      },
      say: () => {},
      onDeath: (sentence) => over.abort(new Error(sentence)),
    },
    over.signal,
  );
  try {
    taps.targets({ auth: stage.service('auth').url, user: stage.service('user').url });
    await during(stage, mesh, 'warmup', over.signal, async () => {
      await sleep(warmUpMs);
      await prepare(stage, setting.service, setting.kind);
    });
    await during(stage, mesh, 'baseline', over.signal, () => sleep(setting.baselineMs));
    const pauses: MadePause[] = [];
    await during(stage, mesh, 'pauses', over.signal, async () => {
      const random = randomStream(seed, 'order of pauses');
      for (const order of ordersOf(setting, random)) {
        await sleep(betweenMs * (1 + random()));
        pauses.push(await pause(stage, setting.service, order));
      }
      await sleep(2 * betweenMs);
    });
    const { settled } = await settle(stage, over.signal);
    const tapped = await taps.report();
    const failures = await stage.stop();
    if (!settled) failures.push('the last spans had not reached the collector after 10 s');
    if (failures.length > 0) throw new Error(failures.join('; '));
    const spans: Span[] = [];
    const broken = ({ message }: { message: string }) => {
      throw new Error(message);
    };
    for await (const batch of readTraceFile(join(folder, 'traces.ndjson'), broken)) {
      spans.push(...batch);
    }
    return { spans, pauses, tapped };
  } finally {
    await stage.kill();
    await taps.stop();
    await rm(folder, { recursive: true });
  }
}

function meshOf({ service, ratePerSecond, work }: Setting, seed: number): Mesh {
  const light = { cpu: '0.2ms' };
  const call = (to: string) => ({ call: { to, timeout: '10s' } });
  const { script, ...limits } = { script: [light], ...work };
  const paused = (name: string, next: readonly object[]) =>
    name === service ? { ...limits, script: [...script, ...next] } : { script: [light, ...next] };
  const text = JSON.stringify({
    version: 1,
    name: 'victims',
    seed,
    entry: 'gateway',
    services: {
      gateway: { script: [light, call('auth')] },
      auth: paused('auth', [call('user')]),
      user: paused('user', []),
    },
    load: { rate: ratePerSecond, arrivals: 'poisson', timeout: '10s' },
  });
  return parseMesh(text, 'victims.yaml');
}

/** Every phase once a round, in an order of chance. */
function ordersOf({ kind, rounds }: Setting, random: () => number): PauseOrder[] {
  const all = Array.from({ length: rounds }, () =>
    phases.map((phase) => ({ kind, phase, durationMs: pauseMs })),
  ).flat();
  return all
    .map((order) => ({ order, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ order }) => order);
}

/** Load of the phase for as long as `task` takes. */
async function during(
  stage: Stage,
  mesh: Mesh,
  phase: PhaseName,
  signal: AbortSignal,
  task: () => Promise<unknown>,
): Promise<void> {
  const over = new AbortController();
  const played = stage.load.play(
    {
      type: 'play',
      phase,
      load: mesh.load,
      origin: stage.service(mesh.entry).url,
      route: entryRoute(mesh),
      durationMs: 600_000,
      seed: mesh.seed,
      stream: phase,
    },
    AbortSignal.any([signal, over.signal]),
    () => {},
  );
  try {
    await task();
  } finally {
    over.abort();
    await played;
  }
  signal.throwIfAborted();
}

async function prepare(stage: Stage, service: string, kind: string): Promise<void> {
  await stage.admin(service).preparePause({ kind, durationMs: pauseMs, phase: 'poll' }, 60_000);
}

async function pause(stage: Stage, service: string, order: PauseOrder): Promise<MadePause> {
  const response = await fetch(`${stage.service(service).adminUrl}/pauses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new Error(`${service} made no pause: ${await response.text()}`);
  const record = (await response.json()) as {
    kind: string;
    phase: Phase;
    sequence: number;
    startUnixNano: string;
    endUnixNano: string;
  };
  return {
    ...record,
    startUnixNano: BigInt(record.startUnixNano),
    endUnixNano: BigInt(record.endUnixNano),
  };
}
