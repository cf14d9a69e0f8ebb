import type { ServiceStats } from '../../services/kit/protocol.ts';
import type { Stage } from '../launch/stage.ts';
import type { ServiceUsage } from '../run.ts';

/** By service; null for one that could not be asked. */
export type StatsSnapshot = Readonly<Record<string, ServiceStats | null>>;

/** Asks every service for its stats. One that is paused answers after its pause. */
export async function takeStats(stage: Stage, timeoutMs: number): Promise<StatsSnapshot> {
  const entries = [...stage.services.keys()].map(async (name) => {
    const stats = await stage
      .admin(name)
      .stats(timeoutMs)
      .catch(() => null);
    return [name, stats] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** What happened between two snapshots; null where either is missing. */
export function usageBetween(
  before: StatsSnapshot,
  after: StatsSnapshot,
): Record<string, ServiceUsage | null> {
  const usage: Record<string, ServiceUsage | null> = {};
  for (const name of Object.keys(before)) {
    usage[name] = difference(before[name] ?? null, after[name] ?? null);
  }
  return usage;
}

function difference(from: ServiceStats | null, to: ServiceStats | null): ServiceUsage | null {
  if (from === null || to === null) return null;
  const collections = (kind: 'natural' | 'forced') => ({
    count: to.majorCollections[kind].count - from.majorCollections[kind].count,
    durationMs: to.majorCollections[kind].durationMs - from.majorCollections[kind].durationMs,
  });
  return {
    lengthMs: to.uptimeMs - from.uptimeMs,
    requests: to.requests - from.requests,
    cpuMs: to.cpuMs - from.cpuMs,
    runDelayMs:
      from.runDelayMs === null || to.runDelayMs === null ? null : to.runDelayMs - from.runDelayMs,
    naturalCollections: collections('natural'),
    forcedCollections: collections('forced'),
  };
}
