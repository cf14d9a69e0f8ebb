import type { SpanTimes } from './selfTime.ts';

/**
 * How many of the spans run at once at most: 0 for none. A span of no length runs at no time, and
 * one that starts as another ends does not run with it.
 */
export function concurrency(spans: readonly SpanTimes[]): number {
  const moments = spans
    .flatMap(({ startUnixNano, endUnixNano }) => [
      { at: startUnixNano, step: 1 },
      { at: endUnixNano, step: -1 },
    ])
    .sort((a, b) => Number(a.at - b.at) || a.step - b.step);
  let running = 0;
  let most = 0;
  for (const { step } of moments) {
    running += step;
    most = Math.max(most, running);
  }
  return most;
}
