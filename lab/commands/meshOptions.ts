import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Mesh, Milliseconds, Pause } from '../../mesh/mesh.ts';
import { checkMesh, readMesh } from '../../mesh/read.ts';
import { modulePattern } from '../../mesh/schema.ts';
import { formatWarning, meshWarnings } from '../../mesh/warnings.ts';
import type { AskedPorts } from '../launch/ports.ts';
import { duration, namedPort, positiveNumber, seed } from './numberOption.ts';
import { checkPauseModules } from './pauseModules.ts';
import { parsePause, pauseGrammar } from './pauseOption.ts';
import { UsageError } from './usageError.ts';

/** What the command line changes in a mesh file. */
export interface MeshOptions {
  readonly mesh: string;
  readonly rate?: number;
  readonly duration?: Milliseconds;
  readonly pause?: readonly Pause[];
  readonly seed?: number;
  readonly port?: AskedPorts;
}

/** Adds the options of every command that starts a mesh. */
export function addMeshOptions(command: Command): Command {
  return command
    .option('--mesh <file>', 'mesh file', 'mesh/chain.yaml')
    .addOption(new Option('--seed <number>', 'all chance comes from it').argParser(seed))
    .addOption(
      new Option(
        '--port <name=port>',
        'port of a service, of otlp or of query; 0: any free one (repeatable)',
      ).argParser(namedPort),
    );
}

/** Adds the options that change load and pauses. */
export function addExperimentOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--rate <number>', 'intended requests per second').argParser(positiveNumber),
    )
    .addOption(
      new Option(
        '--duration <time>',
        'length of the phase with pauses; the baseline is shortened or lengthened alike',
      ).argParser(duration),
    )
    .addOption(
      new Option(
        '--pause <pause>',
        'instead of the pauses in the file (repeatable), see below',
      ).argParser((text, pauses: readonly Pause[] = []) => {
        try {
          return [...pauses, parsePause(text)];
        } catch (error) {
          throw new InvalidArgumentError(`\n${(error as Error).message}`);
        }
      }),
    )
    .addHelpText('after', `\nA pause is ${pauseGrammar}`);
}

/** A baseline shorter than this has no percentiles worth the name. */
const shortestBaselineMs = 2000;

/**
 * Reads the mesh file and puts the options in.
 * @throws {MeshError} with all mistakes of the file, or of the mesh that the options make of it.
 * @throws {UsageError} if a port is for something that does not exist.
 */
export function meshFromOptions(options: MeshOptions): Mesh {
  const file = readMesh(options.mesh);
  checkPortNames(file, options.port ?? {});
  const { rate, duration: pausesMs, pause, seed: seedOption } = options;
  const source = `${options.mesh} with the options given`;
  const mesh = checkMesh(
    {
      ...file,
      seed: seedOption ?? file.seed,
      load: { ...file.load, rate: rate ?? file.load.rate },
      pauses: pause?.map(fromHere) ?? file.pauses,
      durations:
        pausesMs === undefined
          ? file.durations
          : {
              warmup: file.durations.warmup,
              baseline: baselineMs(file.durations, pausesMs),
              pauses: pausesMs,
            },
    },
    source,
  );
  checkPauseModules(mesh, source);
  return mesh;
}

/** A module's path on the command line starts where the command does, one in the file at the file. */
function fromHere(pause: Pause): Pause {
  return modulePattern.test(pause.kind) ? { ...pause, kind: resolve(pause.kind) } : pause;
}

/** In proportion to the phase with pauses as in the file, but not below 2 s. */
function baselineMs(durations: Mesh['durations'], pausesMs: Milliseconds): Milliseconds {
  if (durations.pauses <= 0) return durations.baseline;
  const scaled = Math.round((durations.baseline * pausesMs) / durations.pauses);
  return Math.max(scaled, Math.min(shortestBaselineMs, durations.baseline));
}

function checkPortNames(mesh: Mesh, ports: AskedPorts): void {
  const valid = [...Object.keys(mesh.services), 'otlp', 'query'];
  for (const name of Object.keys(ports)) {
    if (!valid.includes(name)) {
      throw new UsageError(
        `--port ${name}=${ports[name]}: there is no "${name}"; valid: ${valid.join(', ')}`,
      );
    }
  }
}

/** Lines on what in the mesh will probably not do what its author thinks, on this machine. */
export function warningLines(mesh: Mesh): string[] {
  return meshWarnings(mesh, { cores: availableParallelism() }).map(formatWarning);
}
