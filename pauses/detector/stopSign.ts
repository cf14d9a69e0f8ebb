import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

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

interface IdleThread {
  readonly id: string;
  readonly file: number;
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
  const text = Buffer.alloc(64);
  let watched = chooseIdle(text);
  let lookedMs = performance.now();
  /** The latest stop lies between these. */
  let stopFromMs = 0;
  let stopToMs = 0;

  function look(): void {
    let woken = 0;
    const left = watched.filter((thread) => {
      const timeslices = readTimeslices(thread.file, text);
      if (timeslices === null) return false;
      // Woken, it may still be waiting for a core: that timeslice is to come.
      const due = timeslices <= thread.timeslices && isRunnable(thread.id) ? 1 : 0;
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
    const file = openSchedstat(id);
    if (file === null) continue;
    const timeslices = readTimeslices(file, text);
    if (timeslices === null) closeSync(file);
    else threads.push({ id, file, timeslices });
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
function openSchedstat(id: string): number | null {
  try {
    return openSync(`/proc/self/task/${id}/schedstat`, 'r');
  } catch {
    return null;
  }
}

/** Null: the thread has ended. */
function readTimeslices(file: number, text: Buffer): number | null {
  try {
    const length = readSync(file, text, 0, text.length, 0);
    return Number(text.toString('latin1', 0, length).split(' ')[2]);
  } catch {
    return null;
  }
}

function isRunnable(id: string): boolean {
  try {
    const stat = readFileSync(`/proc/self/task/${id}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')')).startsWith(') R');
  } catch {
    return false; // It has ended.
  }
}

function closeAll(threads: readonly IdleThread[]): void {
  for (const { file } of threads) closeSync(file);
}
