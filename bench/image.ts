import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { StartupMs } from '../services/kit/main.ts';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { row } from './support/row.ts';

const root = join(import.meta.dirname, '..');
const execute = promisify(execFile);
const startsPerRun = 3;
const images = { services: 'aftershock/services', lab: 'aftershock/lab' } as const;

interface Variant {
  readonly what: string;
  readonly env: readonly string[];
}

/** The image as it is, and with one thing taken away. */
const variants: readonly Variant[] = [
  { what: 'as shipped', env: [] },
  { what: 'without source maps', env: ['NODE_OPTIONS='] },
  { what: 'without the compile cache', env: ['NODE_COMPILE_CACHE='] },
];

export default {
  name: 'image',
  description:
    'Size of the images unpacked, and time inside the container from the start of the process ' +
    'until a traced service (user) listens; the variants take turns',
  async run({ runs, say }) {
    const why = await whyNoDocker();
    if (why !== null) {
      say(`skipped: ${why}`);
      return [];
    }
    say('building the images');
    for (const [target, tag] of Object.entries(images)) await build(target, tag);
    const sizes = await Promise.all(
      Object.entries(images).map(async ([name, tag]) => {
        const { stdout } = await execute('docker', ['inspect', '--format', '{{.Size}}', tag]);
        return row(`image of the ${name}, unpacked`, 'MB', [Number(stdout) / 1e6], {
          relation: '<=',
          value: 200,
        });
      }),
    );
    const starts = variants.map((): StartupMs[] => []);
    for (let turn = 0; turn < runs * startsPerRun; turn++) {
      for (const [i, variant] of variants.entries()) starts[i]?.push(await start(variant));
      say(`turn ${turn + 1} of ${runs * startsPerRun}`);
    }
    const rows: BenchmarkRow[] = variants.map(({ what }, i) =>
      row(
        `user listens, ${what}`,
        'ms',
        (starts[i] ?? []).map(({ listening }) => listening),
      ),
    );
    return [...sizes, ...rows];
  },
} satisfies Benchmark;

async function whyNoDocker(): Promise<string | null> {
  try {
    await execute('docker', ['version']);
    return null;
  } catch (error) {
    return `no Docker daemon answers: ${(error as Error).message}`;
  }
}

/** With BuildKit where there is buildx, else with the classic builder. */
async function build(target: string, tag: string): Promise<void> {
  const buildx = await execute('docker', ['buildx', 'version']).then(
    () => true,
    () => false,
  );
  const env = { ...process.env, ...(buildx ? {} : { DOCKER_BUILDKIT: '0' }) };
  const args = ['build', '--quiet', '--file', 'services/Dockerfile', '--target', target];
  await execute('docker', [...args, '--tag', tag, '.'], { cwd: root, env });
}

/** Starts `user` in a container of its own, and ends it once it has told its times. */
async function start({ what, env }: Variant): Promise<StartupMs> {
  const settings = [
    'PORT=0',
    'AFTERSHOCK_MESH=mesh/compose.yaml',
    'OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9', // the discard port
    ...env,
  ].flatMap((setting) => ['--env', setting]);
  const child: ChildProcess = spawn(
    'docker',
    ['run', '--rm', '--init', '--read-only', ...settings, images.services, 'services/user.js'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let times: StartupMs | null = null;
  if (child.stdout !== null) {
    for await (const line of createInterface(child.stdout)) {
      const { startupMs } = JSON.parse(line) as { startupMs?: StartupMs };
      if (startupMs === undefined) continue;
      times = startupMs;
      child.kill('SIGTERM'); // docker passes it on
    }
  }
  const code = await ended;
  if (times === null) throw new Error(`user, ${what}, ended with exit code ${code}, not started`);
  return times;
}
