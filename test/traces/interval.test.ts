import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Interval, lengthNano, outside, union, within } from '../../traces/interval.ts';

/** Small, so that they touch, overlap, are empty or run backwards often. */
const anyInterval = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }))
  .map(([start, end]): Interval => ({ startUnixNano: BigInt(start), endUnixNano: BigInt(end) }));
const any = fc.array(anyInterval, { maxLength: 6 });

const moments = Array.from({ length: 12 }, (_, i) => BigInt(i));
const isIn = (moment: bigint, { startUnixNano, endUnixNano }: Interval) =>
  startUnixNano <= moment && moment < endUnixNano;

/** The longest stretches of moments that `has` holds for, by looking at each. */
function stretches(has: (moment: bigint) => boolean): Interval[] {
  const found: { startUnixNano: bigint; endUnixNano: bigint }[] = [];
  for (const moment of moments.filter(has)) {
    const last = found.at(-1);
    if (last?.endUnixNano === moment) last.endUnixNano = moment + 1n;
    else found.push({ startUnixNano: moment, endUnixNano: moment + 1n });
  }
  return found;
}

test('union() is what lies in any of them', () => {
  fc.assert(
    fc.property(any, (list) => {
      const want = stretches((moment) => list.some((each) => isIn(moment, each)));
      expect(union(list)).toEqual(want);
      expect(lengthNano(union(list))).toBe(
        BigInt(moments.filter((moment) => list.some((each) => isIn(moment, each))).length),
      );
    }),
    { numRuns: 500 },
  );
});

test('within() is what lies in one of them, outside() the rest', () => {
  fc.assert(
    fc.property(anyInterval, any, (interval, list) => {
      const others = union(list);
      const covered = (moment: bigint) => list.some((each) => isIn(moment, each));
      expect(within(interval, others)).toEqual(
        stretches((moment) => isIn(moment, interval) && covered(moment)),
      );
      expect(outside(interval, others)).toEqual(
        stretches((moment) => isIn(moment, interval) && !covered(moment)),
      );
    }),
    { numRuns: 500 },
  );
});
