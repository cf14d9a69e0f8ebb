import type { Evidence } from '../evidence.ts';
import { type SpanFlow, spanFlow } from '../flow.ts';

/**
 * The flow of spans until the canary was sent, when what came before had arrived or will not; or,
 * with `untilS`, until then. Null where nobody counts.
 */
export function flowOf({ metrics, canary, sinceS }: Evidence, untilS?: number): SpanFlow | null {
  const sentS = Number(canary.startUnixNano / 1_000_000n) / 1000;
  return spanFlow(metrics?.series ?? [], sentS - sinceS, untilS ?? sentS);
}

/** The same until the latest sample. */
export function latestFlowOf(evidence: Evidence): SpanFlow | null {
  const times = (evidence.metrics?.series ?? []).map(({ samples }) => samples.at(-1)?.[0] ?? 0);
  return flowOf(evidence, Math.max(0, ...times));
}
