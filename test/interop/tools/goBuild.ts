import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A main package of a published Go module. */
export interface GoProgram {
  readonly module: string;
  readonly version: string;
  /** Import path of the main package. */
  readonly package: string;
  /** Further arguments of `go build`. */
  readonly args: readonly string[];
}

/** Static programs, and no look for a version control system in the folders above. */
const environment = { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' };

/**
 * Builds `program` into the file `out`: minutes the first time, seconds from Go's build cache.
 * It is built as a dependency of an empty module that has its go.mod, so with the versions that its
 * authors chose: `go install` refuses a go.mod with replacements, which all of these have.
 * @throws {Error} if there is no Go, no network for what is not in Go's caches, or the build fails.
 */
export async function buildProgram(program: GoProgram, out: string): Promise<void> {
  const { module, version, args } = program;
  const downloaded = await go(['mod', 'download', '-json', `${module}@${version}`]);
  const { Dir: source } = JSON.parse(downloaded) as { Dir: string };
  await inTemporaryFolder(async (folder) => {
    const mod = readFileSync(join(source, 'go.mod'), 'utf8');
    writeFileSync(
      join(folder, 'go.mod'),
      mod
        .replace(/^module .*/m, 'module x')
        // A folder beside it is not in what is published: the version that it requires is taken.
        .replace(/^replace .* => \.\.?\/.*$/gm, ''),
    );
    writeFileSync(join(folder, 'go.sum'), readFileSync(join(source, 'go.sum')));
    await go(['get', `${module}@${version}`], folder);
    const built = join(folder, 'built');
    await go(['build', '-mod=mod', '-trimpath', ...args, '-o', built, program.package], folder);
    install(built, out);
  });
}

/** Builds an OpenTelemetry Collector from a manifest of its builder (`ocb`) of this version. */
export async function buildCollector(
  manifest: string,
  builderVersion: string,
  out: string,
): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    await buildProgram(
      {
        module: 'go.opentelemetry.io/collector/cmd/builder',
        version: builderVersion,
        package: 'go.opentelemetry.io/collector/cmd/builder',
        args: ['-ldflags', '-s -w'],
      },
      join(folder, 'builder'),
    );
    const described = readFileSync(manifest, 'utf8').replace(
      /^dist:$/m,
      `dist:\n  output_path: ${join(folder, 'source')}`,
    );
    writeFileSync(join(folder, 'ocb.yaml'), described);
    await output(join(folder, 'builder'), ['--config', join(folder, 'ocb.yaml')], folder);
    install(join(folder, 'source', 'otelcol'), out);
  });
}

async function inTemporaryFolder(task: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'aftershock-build-'));
  try {
    await task(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts it there in one step: another test run may build the same. */
function install(built: string, out: string): void {
  const part = `${out}.${process.pid}`;
  copyFileSync(built, part);
  renameSync(part, out);
}

function go(args: readonly string[], folder?: string): Promise<string> {
  return output('go', args, folder);
}

function output(command: string, args: readonly string[], folder?: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: string[] = [];
  const errors: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  child.once('error', reject);
  child.once('close', (code) => {
    if (code === 0) resolve(out.join(''));
    else {
      // `-json` writes even its errors to standard output.
      const said = errors.join('').trim() || out.join('');
      const lastLines = said.trimEnd().split('\n').slice(-15).join('\n');
      reject(new Error(`${command} ${args.join(' ')} failed with ${code}:\n${lastLines}`));
    }
  });
  return promise;
}
