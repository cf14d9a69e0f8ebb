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

/** Spans that the collector has refused in the last minute, and why; null if none. */
export function recentRefusal(
  evidence: Evidence,
): { readonly spans: number; readonly reason: string; readonly todo: string } | null {
  const sentS = Number(evidence.canary.startUnixNano / 1_000_000n) / 1000;
  const flow = latestFlowOf({ ...evidence, sinceS: 60 });
  const spans = Math.max(flow?.refused ?? 0, flow?.enqueueFailed ?? 0);
  if (flow === null || spans === 0 || flow.untilS < sentS - 60) return null;
  if (flow.enqueueFailed === 0) {
    return {
      spans,
      reason: 'its memory limit, most likely (otelcol_receiver_refused_spans)',
      todo: 'give the collector more memory (COLLECTOR_MEMORY_LIMIT_MIB), or lower the load',
    };
  }
  const isFull = flow.queueCapacity > 0 && flow.queued > 0.9 * flow.queueCapacity;
  return isFull
    ? {
        spans,
        reason: `its queue is full: ${flow.queued} of ${flow.queueCapacity} spans`,
        todo: 'see why the store does not take them: docker compose logs collector jaeger',
      }
    : {
        spans,
        reason: `it cannot write to its queue, though that holds only ${flow.queued} of ${flow.queueCapacity} spans: its disk is full, most likely`,
        todo:
          'make room on the disk of COLLECTOR_QUEUE_DIRECTORY (df -h), or give it another volume; ' +
          'docker compose logs collector has the reason',
      };
}
