import { Command, CommanderError } from 'commander';
import { MeshError } from '../mesh/mistakes.ts';
import { meshCommand } from './commands/mesh.ts';
import { runCommand } from './commands/run.ts';
import { upCommand } from './commands/up.ts';
import { UsageError } from './commands/usageError.ts';
import { describe } from './describe.ts';

/** Exit codes: 0 fine; 1 it failed; 2 bad arguments or files; 99 is kept for a crossed threshold. */
async function main(): Promise<void> {
  const program = new Command('aftershock')
    .description('Watch one stop-the-world pause travel through a chain of traced services.')
    .addHelpText('after', '\nExample:\n  npm run aftershock -- run --rate 50 --duration 20s')
    .showHelpAfterError('(--help shows what there is, with an example)')
    .exitOverride();
  for (const command of [runCommand(), upCommand(), meshCommand()]) {
    program.addCommand(command.copyInheritedSettings(program));
  }
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2; // 0: help was asked for
    } else if (error instanceof MeshError || error instanceof UsageError) {
      console.error(error.message);
      process.exitCode = 2;
    } else {
      console.error(describe(error));
      process.exitCode = 1;
    }
  }
}

await main();
