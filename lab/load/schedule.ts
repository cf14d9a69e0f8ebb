import { randomExponential } from 'd3-random';
import type { Load } from '../../mesh/mesh.ts';
import type { Random } from '../../mesh/random.ts';

/**
 * Intended send times in milliseconds after the start, ascending, all in [0, `durationMs`), which
 * may be Infinity. `constant`: every 1000/rate, the first at 0. `poisson`: exponential gaps with
 * that mean, so that the count is Poisson(rate · duration). They depend on nothing that happens
 * meanwhile: a slow answer cannot slow the load down (open loop).
 */
export function* arrivals(
  load: Pick<Load, 'rate' | 'arrivals'>,
  durationMs: number,
  random: Random,
): Generator<number, void> {
  const gapMs = 1000 / load.rate;
  if (load.arrivals === 'constant') {
    const count = Math.max(0, Math.ceil(durationMs / gapMs - 1e-9));
    // Multiplied, not summed: the millionth request is as exact as the first.
    for (let i = 0; i < count; i++) yield i * gapMs;
    return;
  }
  const gap = randomExponential.source(random)(1 / gapMs);
  for (let atMs = gap(); atMs < durationMs; atMs += gap()) yield atMs;
}

/** The {@link arrivals} of a phase, all drawn before the first is due. */
export function sendTimes(
  load: Pick<Load, 'rate' | 'arrivals'>,
  durationMs: number,
  random: Random,
): Float64Array {
  return Float64Array.from(arrivals(load, durationMs, random));
}
