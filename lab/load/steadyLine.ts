import type { LoadSnapshot } from './generator.ts';

/**
 * A lap of load in one line. Latencies count from the intended time; `late` is how much of that is
 * the generator's own.
 */
export function steadyLine(lap: LoadSnapshot): string {
  const { intended, failed, dropped, latencyMs, lateMs } = lap;
  const parts = [
    `${intended} requests`,
    `${failed} failed${failed === 0 ? '' : ` (${errorCounts(lap)})`}`,
    `P50 ${ms(latencyMs.p50)}`,
    `P99 ${ms(latencyMs.p99)}`,
    `max ${ms(latencyMs.max)}`,
    `late P99 ${ms(lateMs.p99)}`,
  ];
  if (dropped > 0) parts.push(`${dropped} dropped`);
  return parts.join(' · ');
}

/** The kinds of failure with their counts, the most frequent first: `ECONNREFUSED 190, 503 10`. */
export function errorCounts({ errors }: Pick<LoadSnapshot, 'errors'>): string {
  return Object.entries(errors)
    .toSorted(([, a], [, b]) => b - a)
    .map(([type, count]) => `${type} ${count}`)
    .join(', ');
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
