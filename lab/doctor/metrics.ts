import { setTimeout as sleep } from 'node:timers/promises';
import { list } from '../report/format.ts';
import type { Canary } from './canary.ts';
import type { MetricsEvidence, Sighting } from './evidence.ts';
import { serviceOf } from './hops.ts';
import { Prometheus } from './prometheus.ts';

export interface MetricsOptions {
  /** For the span metrics to have every service of the trace. */
  readonly timeoutMs: number;
  /** How far back the spans' flow is asked for. */
  readonly sinceMs: number;
  readonly say: (line: string) => void;
}

/** Time between two looks at the span metrics. */
const lookEveryMs = 250;

/** Waits until the span metrics have every service of the trace, then asks for the rest. */
export async function askMetrics(
  prometheus: Prometheus,
  before: Readonly<Record<string, number>>,
  canary: Canary,
  { spans }: Sighting,
  { timeoutMs, sinceMs, say }: MetricsOptions,
): Promise<MetricsEvidence> {
  const startMs = performance.now();
  const reply = await prometheus.probe();
  const isPrometheus = Prometheus.isPrometheus(reply);
  // First, as a Prometheus that cannot write may be dead soon.
  const failedWrites = isPrometheus ? await prometheus.failedWrites() : {};
  const services = new Set(spans.map(serviceOf));
  let after = before;
  let waitedMs = 0;
  while (isPrometheus) {
    after = await prometheus.spanMetrics();
    waitedMs = performance.now() - startMs;
    const behind = [...services].filter((name) => !((after[name] ?? 0) > (before[name] ?? 0)));
    const isHopeless = Object.keys(failedWrites).length > 0;
    if (behind.length === 0 || waitedMs >= timeoutMs || isHopeless) break;
    say(`waiting for span metrics of ${list(behind)}, ${(waitedMs / 1000).toFixed(0)} s`);
    await sleep(lookEveryMs);
  }
  const sentS = Number(canary.startUnixNano / 1_000_000n) / 1000;
  const [newestAgeS, downTargets, series] = isPrometheus
    ? await Promise.all([
        prometheus.newestAgeS(),
        prometheus.downTargets(),
        prometheus.flow(sentS - sinceMs / 1000, Date.now() / 1000),
      ])
    : [null, [], []];
  const spanMetrics = { before, after };
  return {
    reply,
    isPrometheus,
    downTargets,
    failedWrites,
    newestAgeS,
    spanMetrics,
    waitedMs,
    series,
  };
}
