import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const keepBusy = `
  process.on('disconnect', () => process.exit());
  (function compute() {
    for (const end = performance.now() + 50; performance.now() < end; );
    setImmediate(compute);
  })();
`;

/** Processes that compute all the time, one for each core; they end with this one, however it ends. */
export function loadMachine(): { readonly processes: number; stop(): void } {
  const children: ChildProcess[] = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', keepBusy], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  return {
    processes: children.length,
    stop() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
