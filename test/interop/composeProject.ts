import { fileURLToPath } from 'node:url';
import { freePorts } from './tools/freePorts.ts';
import { type Outcome, run } from './tools/run.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const portVariables = [
  'GATEWAY_PORT',
  'AUTH_PORT',
  'USER_PORT',
  'OTLP_PORT',
  'JAEGER_PORT',
  'PROMETHEUS_PORT',
  'GRAFANA_PORT',
  'LOKI_PORT',
] as const;

/** What Docker knows of a container, as far as the tests ask. */
export interface ContainerState {
  readonly service: string;
  readonly health: string | null;
  readonly restarts: number;
  readonly outOfMemory: boolean;
  readonly user: string;
  /** What Docker counts as in use: without the page cache. */
  readonly memoryBytes: number;
}

/** Why compose files cannot be run here, as a sentence; null: they can. */
export async function whyNoDocker(): Promise<string | null> {
  try {
    const server = await run('docker', ['version', '--format', '{{.Server.Version}}']);
    if (server.code !== 0) return `no Docker daemon answers: ${server.output.trim()}`;
    const compose = await run('docker', ['compose', 'version']);
    return compose.code === 0 ? null : `there is no docker compose: ${compose.output.trim()}`;
  } catch (error) {
    return `docker cannot be run: ${(error as Error).message}`;
  }
}

/** The repository's compose file as a project of its own, on free ports. */
export class ComposeProject {
  readonly ports: Readonly<Record<(typeof portVariables)[number], number>>;
  readonly #name: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(name: string, ports: ComposeProject['ports'], buildKit: boolean) {
    this.#name = name;
    this.ports = ports;
    this.#env = {
      ...Object.fromEntries(Object.entries(ports).map(([key, port]) => [key, String(port)])),
      // Compose builds with buildx only, unless it is told that the classic builder will do.
      ...(buildKit ? {} : { DOCKER_BUILDKIT: '0' }),
    };
  }

  static async create(name: string): Promise<ComposeProject> {
    const buildx = await run('docker', ['buildx', 'version']);
    return new ComposeProject(name, await freePorts(portVariables), buildx.code === 0);
  }

  get queryUrl(): string {
    return `http://127.0.0.1:${this.ports.JAEGER_PORT}`;
  }

  /** `docker compose …`. @throws {Error} with all that it said unless it ends with exit code 0. */
  async compose(...args: string[]): Promise<string> {
    const { code, output } = await this.tryCompose(...args);
    if (code !== 0) {
      throw new Error(`docker compose ${args.join(' ')}: exit code ${code}\n${output}`);
    }
    return output;
  }

  tryCompose(...args: string[]): Promise<Outcome> {
    // The developer's own .env is not for tests.
    const project = ['compose', '--project-name', this.#name, '--env-file', '/dev/null'];
    return run('docker', [...project, ...args], { cwd: root, env: this.#env });
  }

  /** Runs JavaScript in a service's container; resolves with what it printed. */
  evaluate(service: string, script: string): Promise<string> {
    return this.compose('exec', '-T', service, '/nodejs/bin/node', '--eval', script);
  }

  async containers(): Promise<ContainerState[]> {
    const ids = (await this.compose('ps', '--all', '--quiet')).trim().split('\n');
    const [inspected, stats] = await Promise.all([
      run('docker', ['inspect', ...ids]),
      run('docker', ['stats', '--no-stream', '--no-trunc', '--format', '{{json .}}', ...ids]),
    ]);
    const memory = new Map(
      stats.output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { ID: string; MemUsage: string })
        .map(({ ID, MemUsage }) => [ID, bytes(MemUsage.split(' / ')[0] ?? '')]),
    );
    const all = JSON.parse(inspected.output) as {
      Id: string;
      RestartCount: number;
      State: { OOMKilled: boolean; Health?: { Status: string } };
      Config: { User: string; Labels: Record<string, string> };
    }[];
    return all.map(({ Id, RestartCount, State, Config }) => ({
      service: Config.Labels['com.docker.compose.service'] ?? '',
      health: State.Health?.Status ?? null,
      restarts: RestartCount,
      outOfMemory: State.OOMKilled,
      user: Config.User,
      memoryBytes: memory.get(Id) ?? Number.NaN,
    }));
  }

  /** Takes everything away, volumes included. */
  async remove(): Promise<void> {
    await this.compose('--profile', '*', 'down', '--volumes', '--remove-orphans', '--timeout', '5');
  }
}

/** `38.1MiB` in bytes. */
function bytes(text: string): number {
  const [, number = '', unit = ''] = /^([\d.]+)([KMG]i)?B$/.exec(text) ?? [];
  return Number(number) * 1024 ** ['', 'Ki', 'Mi', 'Gi'].indexOf(unit);
}
