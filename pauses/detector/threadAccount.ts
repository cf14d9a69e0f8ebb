import { closeSync, openSync, readSync } from 'node:fs';

/** Milliseconds that were used until a moment; null: not to be had on this platform. */
export interface ThreadAccount {
  readonly processCpuMs: number | null;
  readonly mainThreadCpuMs: number | null;
  /** Ready to run, without a core. */
  readonly runDelayMs: number | null;
}

export interface ThreadAccounts {
  read(): ThreadAccount;
  stop(): void;
}

/**
 * Accounts of the process and of its main thread. Source of the latter: the kernel's
 * `Documentation/scheduler/sched-stats.rst`, "/proc/<pid>/schedstat" (nanoseconds on a core,
 * nanoseconds of waiting for one). Time on a core may be behind by one tick of the kernel, 1–10 ms.
 */
export function threadAccounts(): ThreadAccounts {
  const text = Buffer.alloc(64);
  let file: number | null = null;
  try {
    file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  } catch {
    // Not Linux, or a kernel built without it.
  }
  return {
    read() {
      const { user, system } = process.cpuUsage();
      const processCpuMs = (user + system) / 1000;
      if (file === null) return { processCpuMs, mainThreadCpuMs: null, runDelayMs: null };
      const length = readSync(file, text, 0, text.length, 0);
      const [onCoreNano, forCoreNano] = text.toString('latin1', 0, length).split(' ');
      return {
        processCpuMs,
        mainThreadCpuMs: Number(onCoreNano) / 1e6,
        runDelayMs: Number(forCoreNano) / 1e6,
      };
    },
    stop() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}
