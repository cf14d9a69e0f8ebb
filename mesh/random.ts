import { randomExponential, randomLogNormal } from 'd3-random';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Distribution, Milliseconds } from './mesh.ts';

/** A source of chance: each call returns the next number in [0, 1). */
export type Random = () => number;

/** The stream called `name` of `seed`: the same pair gives the same numbers, other names others. */
export function randomStream(seed: number, name: string): Random {
  // FNV-1a (Fowler, Noll, Vo) folds the name into the seed.
  let state = 0x811c9dc5 ^ seed;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x01000193);
  const generator = xoroshiro128plus(state);
  return () => uniformFloat64(generator);
}

/** A function that draws from `distribution`, in milliseconds ≥ 0. */
export function sampler(distribution: Distribution, random: Random): () => Milliseconds {
  switch (distribution.type) {
    case 'constant':
      return () => distribution.value;
    case 'lognormal':
      return randomLogNormal.source(random)(Math.log(distribution.median), distribution.sigma);
    case 'exponential':
      return randomExponential.source(random)(1 / distribution.mean);
  }
}

/** Expected value in milliseconds. Lognormal: median · e^(σ²/2). */
export function mean(distribution: Distribution): Milliseconds {
  switch (distribution.type) {
    case 'constant':
      return distribution.value;
    case 'lognormal':
      return distribution.median * Math.exp(distribution.sigma ** 2 / 2);
    case 'exponential':
      return distribution.mean;
  }
}
