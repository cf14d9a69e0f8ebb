import type { RunPhase } from '../run.ts';

/** A generator later than this at P99 has not played its schedule: the clients' bursts blur. */
export const lateP99LimitMs = 10;

/** Sentences on measured phases in which the load generator could not keep its schedule. */
export function scheduleWarnings(phases: readonly RunPhase[]): string[] {
  return phases.flatMap(({ name, load: { intended, dropped, lateMs } }) => {
    if (name === 'warmup') return [];
    const sentences: string[] = [];
    if (lateMs.p99 > lateP99LimitMs) {
      sentences.push(
        `The load generator was late in the ${name} phase: P99 ${lateMs.p99.toFixed(1)} ms after ` +
          `the intended time, the limit is ${lateP99LimitMs} ms; latencies contain it: lower ` +
          `--rate, or leave the machine more to itself`,
      );
    }
    if (dropped > 0) {
      sentences.push(
        `${dropped} of ${intended} requests of the ${name} phase were not sent, because as many as ` +
          `load.maxInFlight were open; they count as failed`,
      );
    }
    return sentences;
  });
}
