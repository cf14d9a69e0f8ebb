import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

/** Tells whether the whole process was stopped, by a signal, a debugger or a freezer of cgroups. */
export interface StopSign {
  /**
   * Whether it may have been stopped between the two, milliseconds of `performance.now()`. To be
   * asked in the order of time, soon after the end: a stop is only known to lie between two times
   * at which it was asked. Null: cannot be told here.
   */
  wasStopped(startMs: number, endMs: number): boolean | null;
  readonly isKnown: boolean;
  close(): void;
}

/** Each must have been woken: one that has something to do after all proves nothing by itself. */
const WATCHED = 2;

/** Its files are kept open: to open one costs more than to read it. */
interface IdleThread {
  readonly schedstat: number;
  readonly stat: number;
  timeslices: number;
}

/**
 * Watches threads of this process that wait for what does not happen, such as the one of Node that
 * waits for SIGUSR1. To stop a process the kernel wakes each of its threads, and again to continue
 * it; nothing else gives these a core. So it tells a stop from a wait also where every thread is
 * late because the cores are busy, and costs nothing until it is asked.
 *
 * The threads with the fewest timeslices are taken. Sources: the third number of
 * `/proc/<pid>/task/<tid>/schedstat`, in the kernel's `Documentation/scheduler/sched-stats.rst`,
 * and the state in `stat`, in `proc_pid_stat(5)`.
 */
export function stopSign(): StopSign {
  const text = Buffer.alloc(1024);
  let watched = chooseIdle(text);
  let lookedMs = performance.now();
  /** The latest stop lies between these. */
  let stopFromMs = 0;
  let stopToMs = 0;

  function look(): void {
    let woken = 0;
    const left = watched.filter((thread) => {
      const timeslices = readTimeslices(thread.schedstat, text);
      if (timeslices === null) return false;
      // Woken, it may still be waiting for a core: that timeslice is to come.
      const due = timeslices <= thread.timeslices && isRunnable(thread.stat, text) ? 1 : 0;
      if (timeslices + due > thread.timeslices) woken++;
      thread.timeslices = Math.max(thread.timeslices, timeslices + due);
      return true;
    });
    const nowMs = performance.now();
    if (woken > 0 && woken === left.length) {
      stopFromMs = lookedMs;
      stopToMs = nowMs;
    }
    lookedMs = nowMs;
    if (left.length < watched.length) {
      // It has ended: there may be another.
      closeAll(watched);
      watched = chooseIdle(text);
    }
  }

  return {
    get isKnown() {
      return watched.length > 0;
    },
    wasStopped(startMs, endMs) {
      look();
      return watched.length === 0 ? null : stopFromMs < endMs && stopToMs > startMs;
    },
    close() {
      closeAll(watched);
      watched = [];
    },
  };
}

function chooseIdle(text: Buffer): IdleThread[] {
  const threads: IdleThread[] = [];
  for (const id of otherThreads()) {
    const schedstat = open(id, 'schedstat');
    if (schedstat === null) continue;
    const stat = open(id, 'stat');
    const timeslices = readTimeslices(schedstat, text);
    if (stat !== null && timeslices !== null) threads.push({ schedstat, stat, timeslices });
    else for (const file of [schedstat, stat]) if (file !== null) closeSync(file);
  }
  threads.sort((a, b) => a.timeslices - b.timeslices);
  closeAll(threads.splice(WATCHED));
  return threads;
}

function otherThreads(): string[] {
  try {
    return readdirSync('/proc/self/task').filter((id) => Number(id) !== process.pid);
  } catch {
    return []; // Not Linux.
  }
}

/** Null: the thread has ended, or the kernel was built without it. */
function open(threadId: string, name: string): number | null {
  try {
    return openSync(`/proc/self/task/${threadId}/${name}`, 'r');
  } catch {
    return null;
  }
}

/** Null: the thread has ended. */
function read(file: number, text: Buffer): string | null {
  try {
    return text.toString('latin1', 0, readSync(file, text, 0, text.length, 0));
  } catch {
    return null;
  }
}

/** Null: the thread has ended. */
function readTimeslices(schedstat: number, text: Buffer): number | null {
  const numbers = read(schedstat, text);
  return numbers === null ? null : Number(numbers.split(' ')[2]);
}

function isRunnable(stat: number, text: Buffer): boolean {
  const line = read(stat, text);
  return line?.slice(line.lastIndexOf(')')).startsWith(') R') === true;
}

function closeAll(threads: readonly IdleThread[]): void {
  for (const { schedstat, stat } of threads) {
    closeSync(schedstat);
    closeSync(stat);
  }
}
