import { closeSync, openSync, readSync } from 'node:fs';

/** Milliseconds that were used in a while; null: not to be had on this platform. */
export interface ThreadUsage {
  readonly processCpuMs: number;
  readonly mainThreadCpuMs: number | null;
  /** Ready to run, without a core. */
  readonly runDelayMs: number | null;
}

export interface ThreadAccount {
  /** Begins a while; it costs little, and is meant to be called again and again. */
  begin(): void;
  /** What was used since it began. Begins another one. */
  end(): ThreadUsage;
  /** Ready to run without a core since it began, or since this was last asked; null: as above. */
  runDelayMs(): number | null;
  /** Whether the kernel keeps an account of each thread. */
  readonly complete: boolean;
  close(): void;
}

/**
 * CPU of the process is read no more often, because the kernel sums it over all threads. What this
 * thread has used since is known, and is not counted; where it is not, it is read sooner.
 */
const CPU_EVERY_MS = 100;
const CPU_ALONE_EVERY_MS = 20;

/**
 * Accounts of the process and of its main thread. Source of the latter: the kernel's
 * `Documentation/scheduler/sched-stats.rst`, "/proc/<pid>/schedstat" (nanoseconds on a core,
 * nanoseconds of waiting for one). Time on a core may be behind by one tick of the kernel, 1–10 ms.
 */
export function threadAccount(): ThreadAccount {
  let file: number | null = null;
  try {
    file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  } catch {
    // Not Linux, or a kernel built without it.
  }
  const cpuEveryMs = file === null ? CPU_ALONE_EVERY_MS : CPU_EVERY_MS;
  const text = Buffer.alloc(64);
  const asked = Buffer.alloc(64);
  let length = 0;
  let cpu = process.cpuUsage();
  let cpuReadMs = Number.NEGATIVE_INFINITY;
  /** What the thread had used by then, as the kernel writes it. */
  const textAtCpu = Buffer.alloc(text.length);
  /** Up to which time without a core was told; null: from where this while began. */
  let toldMs: number | null = null;

  function begin(): void {
    if (file !== null) length = readSync(file, text, 0, text.length, 0);
    toldMs = null;
    const nowMs = performance.now();
    if (nowMs - cpuReadMs < cpuEveryMs) return;
    cpu = process.cpuUsage();
    cpuReadMs = nowMs;
    text.copy(textAtCpu);
  }

  begin();
  return {
    begin,
    end() {
      const before = cpu;
      const threadBefore = parse(text, length);
      const onCoreAtCpuMs = parse(textAtCpu, textAtCpu.length).onCoreMs;
      cpuReadMs = Number.NEGATIVE_INFINITY;
      begin();
      const sinceCpuMs = (cpu.user + cpu.system - before.user - before.system) / 1000;
      if (file === null) {
        return { processCpuMs: sinceCpuMs, mainThreadCpuMs: null, runDelayMs: null };
      }
      const thread = parse(text, length);
      return {
        processCpuMs: Math.max(0, sinceCpuMs - (threadBefore.onCoreMs - onCoreAtCpuMs)),
        mainThreadCpuMs: thread.onCoreMs - threadBefore.onCoreMs,
        runDelayMs: thread.forCoreMs - threadBefore.forCoreMs,
      };
    },
    runDelayMs() {
      if (file === null) return null;
      const beforeMs = toldMs ?? parse(text, length).forCoreMs;
      toldMs = parse(asked, readSync(file, asked, 0, asked.length, 0)).forCoreMs;
      return toldMs - beforeMs;
    },
    get complete() {
      return file !== null;
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}

function parse(text: Buffer, length: number): { onCoreMs: number; forCoreMs: number } {
  const [onCoreNano, forCoreNano] = text.toString('latin1', 0, length).split(' ');
  return { onCoreMs: Number(onCoreNano) / 1e6, forCoreMs: Number(forCoreNano) / 1e6 };
}
