import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';

const keepBusy = `
  process.on('disconnect', () => process.exit());
  (function compute() {
    for (const end = performance.now() + 50; performance.now() < end; );
    setImmediate(compute);
  })();
`;

export interface MachineLoad {
  readonly processes: number;
  /** Share of the cores' time since it began in which they had nothing to do, 0 to 1. */
  idleShare(): number;
  stop(): void;
}

/** Processes that compute all the time, one for each core; they end with this one, however it ends. */
export function loadMachine(): MachineLoad {
  const children: ChildProcess[] = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', keepBusy], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  const before = coreTimes();
  return {
    processes: children.length,
    idleShare() {
      const now = coreTimes();
      return (now.idleMs - before.idleMs) / Math.max(1, now.allMs - before.allMs);
    },
    stop() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

function coreTimes(): { readonly idleMs: number; readonly allMs: number } {
  let idleMs = 0;
  let allMs = 0;
  for (const { times } of cpus()) {
    idleMs += times.idle;
    allMs += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idleMs, allMs };
}
