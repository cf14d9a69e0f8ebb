import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';

/** Number and total length of Mark-Compact collections. */
export interface CollectionTotal {
  readonly count: number;
  readonly durationMs: number;
}

export interface CollectionCounter {
  /** `natural`: V8 chose to collect; `forced`: somebody called `gc()`. */
  counts(): { readonly natural: CollectionTotal; readonly forced: CollectionTotal };
  stop(): void;
}

/** An entry of type `gc`. */
interface CollectionEntry extends PerformanceEntry {
  readonly detail: { readonly kind: number; readonly flags: number };
}

/**
 * Counts the major collections of this thread from now on. V8 reports a collection in a later turn
 * of the loop, in batches: every entry of a batch counts.
 */
export function countCollections(): CollectionCounter {
  const natural = { count: 0, durationMs: 0 };
  const forced = { count: 0, durationMs: 0 };

  function add(entries: readonly PerformanceEntry[]): void {
    for (const { detail, duration } of entries as readonly CollectionEntry[]) {
      const { kind, flags } = detail;
      if (kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue;
      const total = flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED ? forced : natural;
      total.count++;
      total.durationMs += duration;
    }
  }

  const observer = new PerformanceObserver((list) => add(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  return {
    counts() {
      add(observer.takeRecords());
      return { natural: { ...natural }, forced: { ...forced } };
    },
    stop() {
      add(observer.takeRecords());
      observer.disconnect();
    },
  };
}
