import { randomExponential } from 'd3-random';
import type { Load } from '../../mesh/mesh.ts';
import type { Random } from '../../mesh/random.ts';

/**
 * Intended send times in milliseconds after the start, ascending, all in [0, `durationMs`).
 * `constant`: every 1000/rate, the first at 0. `poisson`: exponential gaps with that mean, so that
 * the count is Poisson(rate · duration). Fixed before anything is sent: a slow answer cannot slow
 * the load down (open loop).
 */
export function sendTimes(
  load: Pick<Load, 'rate' | 'arrivals'>,
  durationMs: number,
  random: Random,
): Float64Array {
  const gapMs = 1000 / load.rate;
  if (load.arrivals === 'constant') {
    // Multiplied, not summed: the millionth request is as exact as the first.
    const count = Math.max(0, Math.ceil(durationMs / gapMs - 1e-9));
    return Float64Array.from({ length: count }, (_, i) => i * gapMs);
  }
  const gap = randomExponential.source(random)(1 / gapMs);
  const times: number[] = [];
  for (let atMs = gap(); atMs < durationMs; atMs += gap()) times.push(atMs);
  return Float64Array.from(times);
}
