import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundleServices } from '../bundle.ts';
import type { StartupMs } from '../services/kit/main.ts';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { emptyChain } from './support/chain.ts';
import { ratios, row } from './support/row.ts';

const root = join(import.meta.dirname, '..');
const startsPerRun = 3;

interface Start {
  /** From the spawn to the word that it listens, or for `node -e 0` to its end. */
  readonly totalMs: number;
  readonly stages: StartupMs | null;
}

interface Variant {
  readonly what: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly atMost?: number;
}

export default {
  name: 'coldStart',
  description:
    'Time until a traced service (user) listens, against `node -e 0`: from source, as one bundled ' +
    'file, and with a warm compile cache. The variants take turns; ratios are of turns',
  async run({ runs, say }) {
    const folder = await mkdtemp(join(tmpdir(), 'aftershock-cold-'));
    try {
      await bundleServices(folder, ['user']);
      const mesh = join(folder, 'mesh.json');
      await writeFile(mesh, JSON.stringify(emptyChain));
      const cached = { NODE_COMPILE_CACHE: join(folder, 'cache') };
      const bundle = [join(folder, 'user.js')];
      const variants: readonly Variant[] = [
        { what: 'node -e 0', args: ['-e', '0'], env: {} },
        { what: 'bundled', args: bundle, env: {}, atMost: 6 },
        { what: 'bundled, warm compile cache', args: bundle, env: cached, atMost: 4 },
        { what: 'from source', args: ['services/user.ts'], env: {} },
        { what: 'from source, warm compile cache', args: ['services/user.ts'], env: cached },
      ];
      // The first turn fills the caches, of Node and of the file system.
      for (const variant of variants) await start(variant, mesh);
      const starts = variants.map((): Start[] => []);
      for (let turn = 0; turn < runs * startsPerRun; turn++) {
        for (const [i, variant] of variants.entries()) starts[i]?.push(await start(variant, mesh));
        say(`turn ${turn + 1} of ${runs * startsPerRun}`);
      }
      const bases = starts[0]?.map(({ totalMs }) => totalMs) ?? [];
      return variants.flatMap((variant, i) => rowsOf(variant, starts[i] ?? [], bases));
    } finally {
      await rm(folder, { recursive: true });
    }
  },
} satisfies Benchmark;

function rowsOf({ what, atMost }: Variant, starts: readonly Start[], bases: number[]) {
  const totals = starts.map(({ totalMs }) => totalMs);
  const rows: BenchmarkRow[] = [row(what, 'ms', totals)];
  const stages = starts.flatMap(({ stages }) => stages ?? []);
  if (stages.length === 0) return rows;
  const target = atMost === undefined ? undefined : ({ relation: '<=', value: atMost } as const);
  return [
    row(`${what} / node -e 0`, '×', ratios(totals, bases), target),
    ...rows,
    row(
      '  node itself',
      'ms',
      stages.map(({ node }) => node),
    ),
    row(
      '  imports',
      'ms',
      stages.map(({ node, imported }) => imported - node),
    ),
    row(
      '  tracing starts',
      'ms',
      stages.map(({ imported, tracing }) => tracing - imported),
    ),
    row(
      '  listening',
      'ms',
      stages.map(({ tracing, listening }) => listening - tracing),
    ),
  ];
}

function start({ args, env }: Variant, mesh: string): Promise<Start> {
  return new Promise((resolve, reject) => {
    const beganMs = performance.now();
    const child = spawn(process.execPath, args, {
      cwd: root,
      // Nobody listens on the discard port: a collector that is away must not slow a start.
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        ...env,
        AFTERSHOCK_MESH: mesh,
        AFTERSHOCK_SERVICE: 'user',
        PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let totalMs: number | null = null;
    let stages: StartupMs | null = null;
    createInterface(child.stdout).on('line', (line) => {
      const { startupMs } = JSON.parse(line) as { startupMs?: StartupMs };
      if (startupMs === undefined) return;
      totalMs = performance.now() - beganMs;
      stages = startupMs;
      child.kill('SIGTERM'); // a clean end: the compile cache is written at the exit
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve({ totalMs: totalMs ?? performance.now() - beganMs, stages });
      else reject(new Error(`${args.join(' ')} ended with exit code ${code}`));
    });
  });
}
