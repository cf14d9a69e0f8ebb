import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBack } from '../../lab/experiment/readBack.ts';
import { settle } from '../../lab/experiment/settle.ts';
import { Stage } from '../../lab/launch/stage.ts';
import { entryRoute } from '../../lab/load/entryRoute.ts';
import type { LoadSnapshot } from '../../lab/load/generator.ts';
import { meshToJson } from '../../mesh/print.ts';
import { readMesh } from '../../mesh/read.ts';
import type { SpanAccount } from '../../services/kit/protocol.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import type { Stack } from './tools/stack.ts';

const meshPath = fileURLToPath(new URL('fixtures/faults.yaml', import.meta.url));
/** A window of load has percentiles of its own. */
const windowMs = 5000;
/** Code that is still being compiled is slow. */
const warmUpWindows = 3;

export interface FaultRun {
  /** Windows of load before the fault, from its beginning to its end, and after. */
  readonly before: readonly LoadSnapshot[];
  readonly during: readonly LoadSnapshot[];
  readonly after: readonly LoadSnapshot[];
  /** Last word of each process. */
  readonly accounts: Readonly<Record<string, SpanAccount>>;
  /** Each span once, by process, as Jaeger answers in the end. */
  readonly stored: Readonly<Record<string, number>>;
}

/**
 * The article's chain with steady load (rate of the mesh file) against `stack`, whose collector and
 * Jaeger run. `fault` is called after `quietWindows` windows, and resolves when all runs again; the
 * load goes on for as many windows, and then every process may hand over what it holds.
 */
export async function faultRun(
  stack: Stack,
  quietWindows: number,
  fault: () => Promise<void>,
): Promise<FaultRun> {
  const directory = mkdtempSync(join(tmpdir(), 'aftershock-fault-'));
  const mesh = readMesh(meshPath);
  const meshFile = join(directory, 'mesh.json');
  writeFileSync(meshFile, meshToJson(mesh));
  const startUnixMs = Date.now();
  const never = new AbortController().signal;
  const deaths: string[] = [];
  const stage = await Stage.start(
    {
      ...{ mesh, meshFile, directory, ports: {}, withLoad: true, say: () => {} },
      outside: { collectorUrl: stack.otlpUrl, queryUrl: stack.queryUrl },
      onDeath: (sentence) => deaths.push(sentence),
    },
    never,
  );
  try {
    const order = {
      ...({ type: 'play', phase: 'steady', durationMs: null, lapMs: windowMs } as const),
      ...{ load: mesh.load, origin: stage.service(mesh.entry).url, route: entryRoute(mesh) },
      ...{ seed: mesh.seed, stream: 'load' },
    };
    const windows = { warmup: [], before: [], during: [], after: [] } as Record<
      'warmup' | 'before' | 'during' | 'after',
      LoadSnapshot[]
    >;
    let now: keyof typeof windows = 'warmup';
    const halt = new AbortController();
    let faulted: Promise<void> | null = null;
    await stage.load.play(order, halt.signal, (snapshot) => {
      windows[now].push(snapshot);
      if (now === 'warmup') {
        if (windows.warmup.length >= warmUpWindows) now = 'before';
      } else if (now === 'before' && windows.before.length >= quietWindows) {
        now = 'during';
        // The window in which it ends belongs to it still.
        faulted = fault().then(() => {
          faulted = null;
        });
        faulted.catch((error: unknown) => halt.abort(error));
      } else if (now === 'during' && faulted === null) now = 'after';
      else if (now === 'after' && windows.after.length >= quietWindows) halt.abort();
    });
    await faulted;
    await settle(stage, never);
    deaths.push(...(await stage.stop()));
    if (deaths.length > 0) throw new Error(deaths.join('\n'));

    const accounts: Record<string, SpanAccount> = {};
    if (stage.load.spans) accounts.load = stage.load.spans;
    for (const [name, service] of stage.services) {
      const spans = service.stats()?.spans;
      if (spans) accounts[name] = spans;
    }
    const { storedByService: stored } = await readBack({
      attribution: false,
      ...{ mesh, accounts, startUnixMs, instanceIds: stage.instanceIds },
      source: new JaegerSource(stack.queryUrl),
      file: join(directory, 'traces.ndjson'),
      patienceMs: 10_000,
    });
    return { ...windows, accounts, stored };
  } finally {
    await stage.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Values of a metric of a Prometheus exposition added up, over all series whose labels fit. */
export async function scrapeSum(
  port: number,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  let sum = 0;
  for (const line of text.split('\n')) {
    const [, series, labelText = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (series !== name && series !== `${name}_total`) continue;
    const fits = Object.entries(labels).every(([key, each]) =>
      labelText.includes(`${key}="${each}"`),
    );
    if (fits) sum += Number(value);
  }
  return sum;
}
