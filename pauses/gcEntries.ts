import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';

/** Watches the collections of this thread. */
export interface GcEntries {
  /** Hands over those that V8 has reported and no turn of the loop has brought yet. */
  take(): void;
  stop(): void;
}

/**
 * Hands every `gc` entry from now on to `add`. V8 reports a collection in a later turn of the loop,
 * and several at once.
 */
export function watchGcEntries(add: (entries: readonly PerformanceEntry[]) => void): GcEntries {
  const observer = new PerformanceObserver((list) => add(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  return {
    take: () => add(observer.takeRecords()),
    stop: () => observer.disconnect(),
  };
}
