import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import type { Mesh, Program, Service } from '../../mesh/mesh.ts';
import { readResolvedMesh } from '../../mesh/readResolvedMesh.ts';

/** Everything that a service is told from outside; see `protocol.ts` for the variables. */
export interface Settings {
  readonly serviceName: string;
  readonly service: Service;
  readonly mesh: Mesh;
  /** Paths of pause strategies start from it. */
  readonly folder: string;
  readonly seed: number;
  /** Base URLs of the services that this one calls, without a slash at the end. */
  readonly peers: Readonly<Record<string, string>>;
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly adminToken: string | null;
  readonly tokenSecret: string;
  /** Whether the gateway lends a token to a client that brings none. */
  readonly demo: boolean;
  /** Path of the SQLite file of `user`, or `:memory:`. */
  readonly database: string;
  /** Whether the service starts its pauses of the mesh by itself. */
  readonly startPauses: boolean;
  /** A request that takes longer is logged; null: none is. */
  readonly slowRequestMs: number | null;
}

const demoSecret = 'aftershock demo key, for a mesh on one machine';

/**
 * Reads the settings of `program` from `env`.
 * @throws {Error} naming the variable, its value and what would be valid.
 */
export async function readSettings(program: Program, env: NodeJS.ProcessEnv): Promise<Settings> {
  const meshPath = resolve(env.AFTERSHOCK_MESH || 'mesh/chain.yaml');
  const mesh = await readMeshFrom(meshPath);
  const serviceName = env.AFTERSHOCK_SERVICE ?? program;
  const service = mesh.services[serviceName];
  if (service === undefined) {
    throw new Error(
      `AFTERSHOCK_SERVICE must name a service of mesh "${mesh.name}" ` +
        `(${Object.keys(mesh.services).join(', ')}), got "${serviceName}"`,
    );
  }
  const adminHost = env.ADMIN_HOST ?? '127.0.0.1';
  const adminToken = env.ADMIN_TOKEN || null;
  if (!isLoopback(adminHost) && adminToken === null) {
    throw new Error(
      `ADMIN_TOKEN must be set where ADMIN_HOST is not a loopback address, ADMIN_HOST is ` +
        `"${adminHost}"; set a token or leave ADMIN_HOST out`,
    );
  }
  return {
    serviceName,
    service,
    mesh,
    folder: dirname(meshPath),
    seed: integer(env, 'AFTERSHOCK_SEED', mesh.seed, 0xffff_ffff),
    peers: { ...defaultPeers(mesh), ...readPeers(env.AFTERSHOCK_PEERS) },
    host: env.HOST ?? '127.0.0.1',
    port: integer(env, 'PORT', service.port, 65_535),
    adminHost,
    adminPort: integer(env, 'ADMIN_PORT', 0, 65_535),
    adminToken,
    tokenSecret: env.AFTERSHOCK_TOKEN_SECRET || demoSecret,
    demo: env.AFTERSHOCK_DEMO !== 'off',
    database: env.AFTERSHOCK_DATABASE || ':memory:',
    startPauses: oneOf(env, 'AFTERSHOCK_PAUSES', ['off', 'start']) === 'start',
    slowRequestMs: integer(env, 'AFTERSHOCK_SLOW_REQUEST_MS', 100, 3_600_000) || null,
  };
}

/** Settings of a service on loopback with any free ports: for one process that starts several. */
export function localSettings(
  mesh: Mesh,
  serviceName: string,
  changes: Partial<Settings> = {},
): Settings {
  const service = mesh.services[serviceName];
  if (service === undefined) throw new Error(`Mesh "${mesh.name}" has no service "${serviceName}"`);
  return {
    serviceName,
    service,
    mesh,
    folder: process.cwd(),
    seed: mesh.seed,
    peers: {},
    host: '127.0.0.1',
    port: 0,
    adminHost: '127.0.0.1',
    adminPort: 0,
    adminToken: null,
    tokenSecret: demoSecret,
    demo: true,
    database: ':memory:',
    startPauses: false,
    slowRequestMs: null,
    ...changes,
  };
}

/** YAML and its checks are loaded only for a file that needs them: they cost start-up time. */
async function readMeshFrom(path: string): Promise<Mesh> {
  if (path.endsWith('.json')) return readResolvedMesh(path);
  const { readMesh } = await import('../../mesh/read.ts');
  return readMesh(path);
}

function defaultPeers(mesh: Mesh): Record<string, string> {
  const entries = Object.entries(mesh.services).map(
    ([name, { port }]) => [name, `http://127.0.0.1:${port}`] as const,
  );
  return Object.fromEntries(entries);
}

function readPeers(text: string | undefined): Record<string, string> {
  if (text === undefined || text === '') return {};
  const hint = 'must be a JSON object of names and http URLs, such as {"auth":"http://auth:8081"}';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`AFTERSHOCK_PEERS ${hint}, got ${text}`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`AFTERSHOCK_PEERS ${hint}, got ${text}`);
  }
  const peers: Record<string, string> = {};
  for (const [name, url] of Object.entries(value)) {
    if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:/.test(url)) {
      throw new Error(`AFTERSHOCK_PEERS ${hint}, got ${JSON.stringify(url)} for "${name}"`);
    }
    peers[name] = url.replace(/\/+$/, '');
  }
  return peers;
}

function integer(env: NodeJS.ProcessEnv, name: string, otherwise: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new Error(`${name} must be an integer from 0 to ${max}, got "${text}"`);
  }
  return value;
}

/** The first is the default. */
function oneOf(env: NodeJS.ProcessEnv, name: string, valid: readonly [string, ...string[]]) {
  const value = env[name] || valid[0];
  if (valid.includes(value)) return value;
  throw new Error(`${name} must be ${valid.join(' or ')}, got "${value}"`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
