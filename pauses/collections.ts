import { constants, type PerformanceEntry } from 'node:perf_hooks';
import { watchGcEntries } from './gcEntries.ts';

/** Number and total length of Mark-Compact collections. */
export interface CollectionTotal {
  readonly count: number;
  readonly durationMs: number;
}

export interface MajorCollections {
  /** V8 chose to collect. */
  readonly natural: CollectionTotal;
  /** Somebody called `gc()`. */
  readonly forced: CollectionTotal;
}

/** The major collections among `entries`; those of other types are left out. */
export function majorCollections(entries: readonly PerformanceEntry[]): MajorCollections {
  const natural = { count: 0, durationMs: 0 };
  const forced = { count: 0, durationMs: 0 };
  for (const { entryType, duration, detail } of entries as readonly DetailedEntry[]) {
    if (entryType !== 'gc' || detail?.kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue;
    const total = detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED ? forced : natural;
    total.count++;
    total.durationMs += duration;
  }
  return { natural, forced };
}

interface DetailedEntry extends PerformanceEntry {
  /** Of a `gc` entry. */
  readonly detail?: { readonly kind: number; readonly flags: number };
}

export interface CollectionCounter {
  counts(): MajorCollections;
  stop(): void;
}

/** Counts the major collections of this thread from now on. */
export function countCollections(): CollectionCounter {
  let sum = majorCollections([]);

  function add(entries: readonly PerformanceEntry[]): void {
    const more = majorCollections(entries);
    sum = { natural: plus(sum.natural, more.natural), forced: plus(sum.forced, more.forced) };
  }

  const entries = watchGcEntries(add);
  return {
    counts() {
      entries.take();
      return sum;
    },
    stop() {
      entries.take();
      entries.stop();
    },
  };
}

function plus(a: CollectionTotal, b: CollectionTotal): CollectionTotal {
  return { count: a.count + b.count, durationMs: a.durationMs + b.durationMs };
}
