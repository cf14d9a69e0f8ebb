import { setTimeout as sleep } from 'node:timers/promises';
import type { CollectorStats } from '../../collector/collector.ts';
import type { Stage } from '../launch/stage.ts';
import { type StatsSnapshot, takeStats } from './phaseStats.ts';

const settleTimeoutMs = 10_000;
const pollEveryMs = 200;
const statsTimeoutMs = 2000;

export interface Settled {
  /** Whether every span was accounted for within 10 s. */
  readonly settled: boolean;
  readonly services: StatsSnapshot;
  readonly collector: CollectorStats | null;
}

/**
 * Waits until every span that has ended is acknowledged by the collector or counted as dropped:
 * by the counts of each process, not by a guess at how long that takes.
 * @returns what each of them says at that moment.
 * @throws the reason of `signal` if it aborts.
 */
export async function settle(stage: Stage, signal: AbortSignal): Promise<Settled> {
  const deadlineMs = performance.now() + settleTimeoutMs;
  for (;;) {
    const [services, load] = await Promise.all([
      takeStats(stage, statsTimeoutMs),
      stage.load.askSpans(statsTimeoutMs),
    ]);
    const accounts = [load, ...Object.values(services).map((service) => service?.spans ?? null)];
    const settled = accounts.every(
      (spans) => spans !== null && spans.ended === spans.exported + spans.dropped,
    );
    signal.throwIfAborted();
    if (settled || performance.now() > deadlineMs) {
      return { settled, services, collector: await stage.collector.askStats(statsTimeoutMs) };
    }
    await sleep(pollEveryMs);
  }
}
