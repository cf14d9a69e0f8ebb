import { commandLine } from './commandLine.ts';

// Whoever reads may stop reading, as `head` does; that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await commandLine(process.argv.slice(2));
