import type { PerformanceEntry } from 'node:perf_hooks';
import { watchGcEntries } from '../gcEntries.ts';

/** A garbage collection; milliseconds of `performance.now()`. */
export interface Collection {
  readonly startMs: number;
  readonly endMs: number;
}

/** Collections kept at most: no pause of which they are evidence has as many. */
const KEPT = 4096;

/** Garbage collections of this thread, until they are forgotten. */
export interface CollectionLog {
  /** In the order of their ends; complete for what ended before the last turn of the loop. */
  collections(): readonly Collection[];
  /** Lets go of those that ended before this moment. */
  forget(beforeMs: number): void;
  stop(): void;
}

/** Starts to note every collection. */
export function startCollectionLog(): CollectionLog {
  let log: Collection[] = [];

  function add(entries: readonly PerformanceEntry[]): void {
    for (const { startTime, duration } of entries) {
      log.push({ startMs: startTime, endMs: startTime + duration });
    }
    if (log.length > KEPT) log.splice(0, log.length - KEPT);
  }

  const entries = watchGcEntries(add);
  return {
    collections() {
      entries.take();
      return log;
    },
    forget(beforeMs) {
      const kept = log.findIndex(({ endMs }) => endMs >= beforeMs);
      log = kept < 0 ? [] : log.slice(kept);
    },
    stop() {
      entries.stop();
      log = [];
    },
  };
}
