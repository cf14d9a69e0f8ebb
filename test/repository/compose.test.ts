import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(root + path, 'utf8');

interface Service {
  readonly image: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly user?: string;
  readonly privileged?: boolean;
  readonly init?: boolean;
  readonly mem_limit?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
  readonly environment?: Readonly<Record<string, string | null>>;
}

const compose = read('docker-compose.yml');
const { services } = parse(compose, { merge: true }) as { services: Record<string, Service> };
const all = Object.entries(services).map(([name, service]) => ({ name, service }));

/** `NAME=value` lines; whatever else is not empty must be a comment. */
function examples(): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of read('.env.example').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', value = ''] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`.env.example: neither a comment nor NAME=value: ${line}`);
    if (found.has(name)) throw new Error(`.env.example: ${name} comes twice`);
    found.set(name, value);
  }
  return found;
}

/** Names and defaults of what is written `${NAME:-default}`, or `${env:NAME:-default}` for Go. */
function defaultsIn(text: string, prefix: string): [name: string, value: string][] {
  const pattern = new RegExp(`\\$\\{${prefix}([A-Z][A-Z0-9_]*):-([^}]*)\\}`, 'g');
  return [...text.matchAll(pattern)].map(([, name = '', value = '']) => [name, value]);
}

test('.env.example lists every setting of the compose file, with the same default', () => {
  const configured = new Map(
    ['collector/config.yaml', 'dashboards/jaeger/config.yaml']
      .concat(readdirSync(`${root}collector/options`).map((name) => `collector/options/${name}`))
      .flatMap((path) => defaultsIn(read(path), 'env:')),
  );
  const passedOn = all
    .flatMap(({ service }) => Object.entries(service.environment ?? {}))
    .filter(([, value]) => value === null)
    .map(([name]): [string, string] => [name, configured.get(name) ?? `no file reads ${name}`]);
  const expected = [
    ['COMPOSE_PROFILES', ''] as const, // Compose's own
    ...defaultsIn(compose, ''),
    ...passedOn,
  ];
  expect(Object.fromEntries(examples())).toEqual(Object.fromEntries(expected));
});

test('no setting of the compose file has two defaults', () => {
  const defaults = new Map<string, string>();
  for (const [name, value] of defaultsIn(compose, '')) {
    expect(`${name}=${defaults.get(name) ?? value}`).toBe(`${name}=${value}`);
    defaults.set(name, value);
  }
  // A variable without a default would be empty, with a warning that nobody reads.
  expect(compose.replaceAll(/\$\{[A-Z][A-Z0-9_]*:-[^}]*\}/g, '')).not.toMatch(/\$\{/);
});

describe.each(all)('container $name', ({ service }) => {
  test('is neither root nor privileged, and cannot become so', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(service.privileged ?? false).toBe(false);
    expect(service.user ?? '').not.toMatch(/^(0|root)(:|$)/);
    expect(JSON.stringify(service.volumes ?? [])).not.toContain('docker.sock');
  });

  test('has a pinned image and a limit of memory, and listens on loopback only', () => {
    if (service.image.startsWith('aftershock/')) expect(service.init).toBe(true);
    else expect(service.image).toMatch(/:v?\d+\.\d+\.\d+$/);
    expect(service.mem_limit).toBeDefined();
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});

test('every container has a health check but the collector, whose image has nothing to ask with', () => {
  const without = all.filter(({ service }) => service.healthcheck === undefined);
  expect(without.map(({ name }) => name)).toEqual(['collector']);
});
