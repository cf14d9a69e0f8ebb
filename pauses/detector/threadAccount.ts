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
  /**
   * What was used since it began, and begins another one.
   *
   * @param busyBeforeMs for how long of it the thread had something to do before what this is asked
   *   of: taken off, as much of it on a core and without one as in the while before.
   */
  end(busyBeforeMs: number): ThreadUsage;
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
  let text = Buffer.alloc(64);
  let textBefore = Buffer.alloc(text.length);
  const asked = Buffer.alloc(64);
  let cpu = process.cpuUsage();
  let cpuReadMs = Number.NEGATIVE_INFINITY;
  /** What the thread had used by then, as the kernel writes it. */
  const textAtCpu = Buffer.alloc(text.length);
  /** Up to which time without a core was told; null: from where this while began. */
  let toldMs: number | null = null;

  function begin(): void {
    if (file !== null) {
      const oldest = textBefore;
      textBefore = text;
      text = oldest;
      readSync(file, text, 0, text.length, 0);
    }
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
    end(busyBeforeMs) {
      const before = cpu;
      const threadBefore = parse(text);
      const whileBefore = difference(parse(textBefore), threadBefore);
      const onCoreAtCpuMs = parse(textAtCpu).onCoreMs;
      cpuReadMs = Number.NEGATIVE_INFINITY;
      begin();
      const sinceCpuMs = (cpu.user + cpu.system - before.user - before.system) / 1000;
      if (file === null) {
        return { processCpuMs: sinceCpuMs, mainThreadCpuMs: null, runDelayMs: null };
      }
      const { onCoreMs, forCoreMs } = difference(threadBefore, parse(text));
      const readyMs = whileBefore.onCoreMs + whileBefore.forCoreMs;
      // Of the first while nothing is known.
      const share = readyMs > 0 ? whileBefore.onCoreMs / readyMs : 1;
      const cpuBeforeMs = Math.min(onCoreMs, share * busyBeforeMs);
      const processMs = sinceCpuMs - (threadBefore.onCoreMs - onCoreAtCpuMs);
      return {
        processCpuMs: Math.max(0, processMs - cpuBeforeMs),
        mainThreadCpuMs: onCoreMs - cpuBeforeMs,
        runDelayMs: forCoreMs - Math.min(forCoreMs, (1 - share) * busyBeforeMs),
      };
    },
    runDelayMs() {
      if (file === null) return null;
      const beforeMs = toldMs ?? parse(text).forCoreMs;
      readSync(file, asked, 0, asked.length, 0);
      toldMs = parse(asked).forCoreMs;
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

interface Ready {
  readonly onCoreMs: number;
  /** Ready, and without one. */
  readonly forCoreMs: number;
}

function difference(from: Ready, to: Ready): Ready {
  return {
    onCoreMs: to.onCoreMs - from.onCoreMs,
    forCoreMs: to.forCoreMs - from.forCoreMs,
  };
}

/** Its first two numbers: what is left there of a longer text comes after the third. NaN: none yet. */
function parse(text: Buffer): Ready {
  const [onCoreNano, forCoreNano] = text.toString('latin1').split(' ');
  return { onCoreMs: Number(onCoreNano) / 1e6, forCoreMs: Number(forCoreNano) / 1e6 };
}
