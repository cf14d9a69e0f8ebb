import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCollector, buildProgram, type GoProgram } from './goBuild.ts';

export type BinaryName =
  | 'otelcol'
  | 'jaeger'
  | 'prometheus'
  | 'promtool'
  | 'loki'
  | 'kustomize'
  | 'hotrod'
  | 'telemetrygen';

const collectorVersion = 'v0.159.0';
const manifest = fileURLToPath(new URL('ocb.yaml', import.meta.url));

const jaeger = 'github.com/jaegertracing/jaeger';
const prometheus = 'github.com/prometheus/prometheus';
const loki = 'github.com/grafana/loki/v3';
const telemetrygen = 'github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen';
const kustomize = 'sigs.k8s.io/kustomize/kustomize/v5';
const prometheusVersion = '3.13.1';
const prometheusArgs = [
  // Of the service discoveries only DNS: the others are most of the build.
  ...['-tags', 'netgo,remove_all_sd,enable_dns_sd'],
  ...['-ldflags', `-s -w -X github.com/prometheus/common/version.Version=${prometheusVersion}`],
];

const programs: Readonly<Record<Exclude<BinaryName, 'otelcol'>, GoProgram>> = {
  jaeger: {
    module: jaeger,
    version: 'v1.76.0', // Jaeger v2.13.0; v2 tags are not versions of this Go module
    package: `${jaeger}/cmd/jaeger`,
    args: ['-ldflags', `-s -w -X ${jaeger}/internal/version.latestVersion=v1.76.0`],
  },
  prometheus: {
    module: prometheus,
    version: 'v0.313.1', // of 3.13.1
    package: `${prometheus}/cmd/prometheus`,
    args: prometheusArgs,
  },
  promtool: {
    module: prometheus,
    version: 'v0.313.1',
    package: `${prometheus}/cmd/promtool`,
    args: prometheusArgs,
  },
  loki: {
    module: loki,
    version: 'v3.7.6',
    package: `${loki}/cmd/loki`,
    args: ['-ldflags', '-s -w'],
  },
  kustomize: {
    module: kustomize,
    version: 'v5.8.1', // the last that Go 1.25 builds
    package: kustomize,
    args: [],
  },
  hotrod: {
    module: jaeger,
    version: 'v1.76.0',
    package: `${jaeger}/examples/hotrod`,
    args: ['-ldflags', '-s -w'],
  },
  telemetrygen: {
    module: telemetrygen,
    version: 'v0.161.0',
    package: telemetrygen,
    args: ['-ldflags', '-s -w'],
  },
};

/**
 * Path of a real program. The environment variable of its name in capitals (`OTELCOL`, `JAEGER`,
 * `PROMETHEUS`, `PROMTOOL`, `LOKI`, `KUSTOMIZE`, `HOTROD`, `TELEMETRYGEN`) wins; else it is built from Go modules,
 * once, into `${XDG_CACHE_HOME:-~/.cache}/aftershock`.
 * @throws {Error} if it can neither be found nor built, with what to do.
 */
export async function binary(name: BinaryName): Promise<string> {
  const found = foundBinary(name);
  if (found !== null) return found;
  const path = cachedPath(name);
  mkdirSync(dirname(path), { recursive: true });
  process.stderr.write(`Building ${name} into ${path}: some minutes the first time\n`);
  try {
    if (name === 'otelcol') await buildCollector(manifest, collectorVersion, path);
    else await buildProgram(programs[name], path);
  } catch (cause) {
    throw new Error(
      `These tests need the real ${name}, and it cannot be built here: ` +
        `${cause instanceof Error ? cause.message : String(cause)}\n` +
        `Install Go 1.25 or newer, or set ${name.toUpperCase()} to the path of the program`,
      { cause },
    );
  }
  return path;
}

/**
 * The same where it is there already, else null.
 * @throws {Error} if its environment variable names no file.
 */
export function foundBinary(name: BinaryName): string | null {
  const variable = name.toUpperCase();
  const given = process.env[variable];
  if (given) {
    if (existsSync(given)) return given;
    throw new Error(`${variable} must name a program, there is no file "${given}"`);
  }
  const path = cachedPath(name);
  return existsSync(path) ? path : null;
}

function cachedPath(name: BinaryName): string {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'aftershock');
  return join(folder, `${name}-${versionOf(name)}`);
}

/** Names all that the build depends on, so that an older build is not taken for this one. */
function versionOf(name: BinaryName): string {
  if (name !== 'otelcol') return programs[name].version;
  const hash = createHash('sha256').update(readFileSync(manifest)).digest('hex');
  return `${collectorVersion}-${hash.slice(0, 8)}`;
}
