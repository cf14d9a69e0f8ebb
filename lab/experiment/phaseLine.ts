import type { LoadSnapshot } from '../load/generator.ts';

/** What a phase of load has come to, in one line. Latencies count from the intended time. */
export function phaseLine(
  snapshot: LoadSnapshot,
  elapsedMs: number,
  pauses: number | null,
): string {
  const { latencyMs, failed, dropped, succeeded } = snapshot;
  const rate = elapsedMs > 0 ? ((succeeded + failed) * 1000) / elapsedMs : 0;
  const parts = [
    `${rate.toFixed(rate < 10 ? 1 : 0)} requests/s`,
    `P50 ${milliseconds(latencyMs.p50)}`,
    `P99 ${milliseconds(latencyMs.p99)}`,
    `max ${milliseconds(latencyMs.max)}`,
  ];
  if (pauses !== null) parts.push(`${pauses} ${pauses === 1 ? 'pause' : 'pauses'}`);
  if (failed > 0) parts.push(`${failed} failed${dropped > 0 ? ` (${dropped} not sent)` : ''}`);
  return parts.join(' · ');
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
