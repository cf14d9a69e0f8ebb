import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { MeshError } from '../../mesh/mistakes.ts';
import { meshToJson, meshToYaml } from '../../mesh/print.ts';
import { readMesh } from '../../mesh/read.ts';
import { formatWarning, meshWarnings } from '../../mesh/warnings.ts';
import { checkPauseModules } from './pauseModules.ts';

/** `aftershock mesh FILE`: the mesh goes to stdout, what is wrong or doubtful to stderr. */
export function meshCommand(): Command {
  return new Command('mesh')
    .description('check a mesh file and print it with every default')
    .argument('<file>', 'mesh file (.yaml), or a resolved mesh (.json)')
    .option('--json', 'print the resolved mesh as JSON, lengths of time in milliseconds')
    .addHelpText('after', '\nExample:\n  npm run aftershock -- mesh mesh/chain.yaml')
    .action((file: string, { json }: { readonly json?: true }) => {
      try {
        const mesh = readMesh(file);
        checkPauseModules(mesh, file);
        process.stdout.write(json ? meshToJson(mesh) : meshToYaml(mesh));
        for (const warning of meshWarnings(mesh, { cores: availableParallelism() })) {
          console.error(formatWarning(warning));
        }
      } catch (error) {
        if (!(error instanceof MeshError)) throw error;
        console.error(error.message);
        process.exitCode = 2;
      }
    });
}
