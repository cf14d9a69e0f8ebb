import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { meshToJson } from '../../mesh/print.ts';
import { Stage } from '../launch/stage.ts';
import { progressOn } from '../progress.ts';
import { onInterrupt } from './interrupt.ts';
import { lookAround } from './lookAround.ts';
import { addMeshOptions, type MeshOptions, meshFromOptions, warningLines } from './meshOptions.ts';
import { outFolder } from './outFolder.ts';

interface UpOptions extends MeshOptions {
  readonly out: string;
}

/** `aftershock up`: everything that it says goes to stderr. */
export function upCommand(): Command {
  const command = new Command('up').description(
    'start the collector and the mesh, without load or pauses, and keep them running',
  );
  addMeshOptions(command)
    .option('--out <directory>', 'where the folder for logs and traces is made', 'runs')
    .addHelpText('after', '\nExample:\n  npm run aftershock -- up --mesh mesh/fanout.yaml')
    .action((options: UpOptions) => up(options));
  return command;
}

async function up(options: UpOptions): Promise<void> {
  const mesh = meshFromOptions(options);
  const progress = progressOn(process.stderr);
  for (const line of warningLines(mesh)) progress.say(line);
  const directory = outFolder(options.out, new Date());
  const meshFile = join(directory, 'mesh.json');
  await writeFile(meshFile, meshToJson(mesh));

  const interrupt = onInterrupt(() => process.exit(1));
  const broken = new AbortController();
  let stage: Stage | null = null;
  try {
    stage = await Stage.start(
      {
        mesh,
        meshFile,
        directory,
        ports: options.port ?? {},
        withLoad: false,
        say: (line) => progress.say(line),
        onDeath(sentence) {
          if (stage !== null) progress.say(sentence);
          broken.abort(new Error(sentence));
        },
      },
      AbortSignal.any([interrupt.signal, broken.signal]),
    );
    progress.say(`logs and traces in ${directory}`);
    const failures = await lookAround({
      mesh,
      stage,
      progress,
      interrupted: interrupt.signal,
      broken: broken.signal,
    });
    if (failures.length > 0) process.exitCode = 1;
  } finally {
    await stage?.kill();
    interrupt.off();
  }
}
