import { readFileSync } from 'node:fs';
import type { ServiceStats, SpanAccount } from './protocol.ts';

/** A snapshot of what the process has done and used so far. */
export function readStats(
  service: string,
  requests: number,
  spans: SpanAccount,
  counts: Pick<ServiceStats, 'majorCollections' | 'pauses'>,
): ServiceStats {
  const { user, system } = process.cpuUsage();
  return {
    service,
    uptimeMs: performance.now(),
    requests,
    cpuMs: (user + system) / 1000,
    runDelayMs: readRunDelayMs(),
    rssBytes: process.memoryUsage.rss(),
    spans,
    ...counts,
  };
}

/** Second field of `/proc/self/schedstat`: nanoseconds the main thread waited for a core. */
function readRunDelayMs(): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const waitedNano = readFileSync('/proc/self/schedstat', 'ascii').split(' ')[1];
    return Number(waitedNano) / 1e6;
  } catch {
    return null; // a kernel built without CONFIG_SCHED_INFO
  }
}
