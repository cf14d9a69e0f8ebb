import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Call, Mesh, Service } from '../../mesh/mesh.ts';
import type { ServiceMessage, ServiceStats } from '../../services/kit/protocol.ts';

/** `traced` is by the services' own kit, `stock` by OpenTelemetry's instrumentations. */
export type Tracing = 'untraced' | 'traced' | 'stock';

/** gateway → auth → user as processes of their own. */
export interface Chain {
  readonly url: (service: string) => string;
  /** By service, asked now. */
  stats(): Promise<Map<string, ServiceStats>>;
  /** SIGTERM; resolves when all have ended. */
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '../..');

const call: Omit<Call, 'to'> = {
  timeout: 10_000,
  retries: 0,
  backoff: { base: 10, factor: 2, jitter: 0 },
  deadline: null,
  recheck: false,
};

function service(program: Service['program'], to?: string): Service {
  const script = to === undefined ? [] : [{ call: { to, ...call } }];
  return { program, port: 0, concurrency: null, queue: null, script };
}

/** No work, no pauses, no limits: what is left is what the services themselves cost. */
export const emptyChain: Mesh = {
  version: 1,
  name: 'empty-chain',
  description: 'gateway → auth → user, no work',
  seed: 1,
  entry: 'gateway',
  services: {
    gateway: service('gateway', 'auth'),
    auth: service('auth', 'user'),
    user: service('user'),
  },
  pauses: [],
  load: { rate: 100, arrivals: 'constant', timeout: 10_000, maxInFlight: 1000 },
  durations: { warmup: 0, baseline: 0, pauses: 0 },
};

/** @param environment what the services are told besides. */
export async function startChain(
  tracing: Tracing,
  otlpEndpoint: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Chain> {
  const folder = await mkdtemp(join(tmpdir(), 'aftershock-bench-'));
  const meshPath = join(folder, 'mesh.json');
  await writeFile(meshPath, JSON.stringify(emptyChain));
  const children: ChildProcess[] = [];
  const urls: Record<string, string> = {};
  const adminUrls = new Map<string, string>();
  for (const name of ['user', 'auth', 'gateway']) {
    const child = launch(name, tracing, {
      AFTERSHOCK_MESH: meshPath,
      AFTERSHOCK_PEERS: JSON.stringify(urls),
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
      ...environment,
    });
    children.push(child);
    const [message] = (await once(child, 'message')) as [ServiceMessage];
    if (message.type !== 'ready')
      throw new Error(`${name} is not ready: ${JSON.stringify(message)}`);
    urls[name] = message.url;
    adminUrls.set(name, message.adminUrl);
  }

  return {
    url: (name) => urls[name] ?? '',
    async stats() {
      const stats = new Map<string, ServiceStats>();
      for (const [name, url] of adminUrls) {
        const response = await fetch(`${url}/stats`);
        stats.set(name, (await response.json()) as ServiceStats);
      }
      return stats;
    },
    async stop() {
      const ends = children.map((child) => once(child, 'exit'));
      for (const child of children) child.kill('SIGTERM');
      await Promise.all(ends);
      await rm(folder, { recursive: true });
    },
  };
}

function launch(name: string, tracing: Tracing, env: Record<string, string>): ChildProcess {
  const stock = tracing === 'stock';
  return fork(join(root, stock ? 'bench/support/stockService.ts' : `services/${name}.ts`), [name], {
    cwd: root,
    execArgv: stock ? ['--import', './bench/support/stockTracing.ts'] : [],
    env: {
      ...process.env,
      ...env,
      AFTERSHOCK_SERVICE: name,
      PORT: '0',
      LOG_LEVEL: 'warn',
      AFTERSHOCK_SLOW_REQUEST_MS: '0', // saturated, a machine makes many requests slow
      OTEL_SDK_DISABLED: String(tracing === 'untraced'),
    },
  });
}
