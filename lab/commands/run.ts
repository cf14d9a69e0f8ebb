import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { formatDuration } from '../../mesh/duration.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { meshToJson } from '../../mesh/print.ts';
import { runExperiment } from '../experiment/experiment.ts';
import { writeResult } from '../experiment/writeResult.ts';
import { progressOn } from '../progress.ts';
import { renderText } from '../report/text.ts';
import { describePause } from './describePause.ts';
import { onInterrupt } from './interrupt.ts';
import { lookAround } from './lookAround.ts';
import {
  addExperimentOptions,
  addMeshOptions,
  type MeshOptions,
  meshFromOptions,
  warningLines,
} from './meshOptions.ts';
import { outFolder } from './outFolder.ts';
import { addOutsideOptions, type OutsideOptions, outsideFromOptions } from './outsideOptions.ts';

interface RunOptions extends MeshOptions, OutsideOptions {
  readonly out: string;
  readonly json?: true;
  readonly stay: boolean;
}

/** `aftershock run`: tables (or `--json`) to stdout, everything else to stderr. */
export function runCommand(): Command {
  const command = new Command('run').description(
    'run the experiment: baseline, then the same load with pauses; print and save what they did',
  );
  addOutsideOptions(addExperimentOptions(addMeshOptions(command)))
    .option('--out <directory>', 'where the folder of the run is made', 'runs')
    .option('--json', 'print the result as JSON instead of tables')
    .option('--no-stay', 'on a terminal: end after the report, as without a terminal')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  npm start -- --rate 50 --duration 20s\n' +
        '  npm run aftershock -- run --mesh mesh/retries.yaml --pause auth=block:200ms/poisson:4s\n' +
        '  npm run aftershock -- run --collector http://127.0.0.1:4318 --query http://127.0.0.1:16686',
    )
    .action((options: RunOptions) => run(options));
  return command;
}

async function run(options: RunOptions): Promise<void> {
  const mesh = meshFromOptions(options);
  const outside = outsideFromOptions(options, process.env);
  const progress = progressOn(process.stderr);
  const interrupt = onInterrupt(() => process.exit(1));
  for (const line of introduction(options.mesh, mesh)) progress.say(line);
  for (const line of warningLines(mesh)) progress.say(line);

  const startedAt = new Date();
  const directory = outFolder(options.out, startedAt);
  const meshFile = join(directory, 'mesh.json');
  await writeFile(meshFile, meshToJson(mesh));

  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const { run, stage, broken } = await runExperiment({
    mesh,
    meshFile,
    directory,
    ports: options.port ?? {},
    outside,
    startedAt,
    progress,
    signal: interrupt.signal,
    stay: isTerminal && options.stay && options.json !== true,
  });
  try {
    const { result, whole } = await writeResult(run, directory, (line) => progress.say(line));
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(result)}\n`
        : `\n${renderText(result, {
            color: process.stdout.isTTY === true,
            columns: process.stdout.columns || 100,
          })}`,
    );
    if (whole) progress.say(`\nreport ${join(directory, 'report.html')}`);
    if (!whole || run.failures.length > 0) process.exitCode = 1;
    if (stage !== null) {
      const interrupted = interrupt.signal;
      const failures = await lookAround({ mesh, stage, progress, interrupted, broken });
      if (failures.length > 0) process.exitCode = 1;
    }
  } finally {
    await stage?.kill();
    interrupt.off();
  }
}

function introduction(file: string, mesh: Mesh): string[] {
  const { load, durations, seed, name, description } = mesh;
  const pauses = mesh.pauses.map(describePause).join(', ');
  return [
    description === '' ? name : `${name}: ${description}`,
    `${load.rate} requests/s (${load.arrivals}), seed ${seed}, mesh ${file}`,
    `warm-up ${formatDuration(durations.warmup)} and until the pauses are prepared, ` +
      `baseline ${formatDuration(durations.baseline)},`,
    `then the same load for ${formatDuration(durations.pauses)} with ${pauses || 'no pauses'}`,
  ];
}
