import { Command, CommanderError } from 'commander';
import { MeshError } from '../mesh/mistakes.ts';
import { collectCommand } from './commands/collect.ts';
import { doctorCommand } from './commands/doctor.ts';
import { loadCommand } from './commands/load.ts';
import { meshCommand } from './commands/mesh.ts';
import { runCommand } from './commands/run.ts';
import { traceCommand } from './commands/trace.ts';
import { upCommand } from './commands/up.ts';
import { UsageError } from './commands/usageError.ts';
import { describe } from './describe.ts';

/**
 * Runs the command line `args` (without `node` and the program). Output goes to stdout and stderr.
 * @returns the exit code: 0 fine; 1 it failed; 2 bad arguments or files. 99 is kept for a crossed
 *   threshold.
 */
export async function commandLine(args: readonly string[]): Promise<number> {
  process.exitCode = 0;
  const program = new Command('aftershock')
    .description('Watch one stop-the-world pause travel through a chain of traced services.')
    .addHelpText('after', '\nExample:\n  npm run aftershock -- run --rate 50 --duration 20s')
    .exitOverride();
  const commands = [
    runCommand(),
    upCommand(),
    loadCommand(),
    meshCommand(),
    collectCommand(),
    doctorCommand(),
    traceCommand(),
  ];
  for (const command of commands) {
    const options = command.options.map(({ long }) => long).join(', ');
    command
      .copyInheritedSettings(program)
      .showHelpAfterError(`valid: ${options}; --help says more and shows an example`);
    program.addCommand(command);
  }
  const names = commands.map((command) => command.name()).join(', ');
  program.showHelpAfterError(`valid: ${names}; --help says more and shows an example`);
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode);
  } catch (error) {
    // Commander has printed its message itself; its code is 0 after help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof MeshError || error instanceof UsageError) {
      console.error(error.message);
      return 2;
    }
    console.error(describe(error));
    return 1;
  }
}
