import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  randomnessOf,
  receivedThreshold,
  thresholdOf,
  withThreshold,
} from '../../services/kit/samplingThreshold.ts';
import { receivedTraceState } from '../../services/kit/traceState.ts';

const state = (list: string) => (list === '' ? undefined : receivedTraceState(list));

test.each([
  { ratio: 1, want: '00000000000000' },
  { ratio: 0.5, want: '80000000000000' },
  { ratio: 0.25, want: 'c0000000000000' },
  { ratio: 0.01, want: 'fd70a3d70a0000' },
  { ratio: 0, want: null },
])('thresholdOf($ratio) is $want', ({ ratio, want }) => {
  expect(thresholdOf(ratio)).toBe(want);
});

test.each([
  { list: '', want: '0123456789abcd' },
  { list: 'ot=th:8', want: '0123456789abcd' },
  { list: 'other=1,ot=th:8;rv:fedcba98765432', want: 'fedcba98765432' },
  { list: 'ot=rv:fedc', want: '0123456789abcd' },
  { list: 'ot=rv:FEDCBA98765432', want: '0123456789abcd' },
])('randomnessOf() of "$list" is $want', ({ list, want }) => {
  expect(randomnessOf('aaaaaaaaaaaaaaaaaa0123456789abcd', state(list))).toBe(want);
});

test.each([
  { list: '', want: null },
  { list: 'ot=th:0', want: '00000000000000' },
  { list: 'ot=th:c', want: 'c0000000000000' },
  { list: 'a=th:1,ot=x:1;th:fd70a4', want: 'fd70a400000000' },
  { list: 'ot=th:123456789012345', want: null },
  { list: 'ot=th:xyz', want: null },
])('receivedThreshold() of "$list" is $want', ({ list, want }) => {
  expect(receivedThreshold(state(list))).toBe(want);
});

test.each([
  { list: '', threshold: 'c0000000000000', want: 'ot=th:c' },
  { list: '', threshold: '00000000000000', want: 'ot=th:0' },
  { list: '', threshold: null, want: undefined },
  { list: 'a=1', threshold: 'fd70a400000000', want: 'ot=th:fd70a4,a=1' },
  { list: 'a=1,ot=th:8;rv:fedcba98765432', threshold: null, want: 'ot=rv:fedcba98765432,a=1' },
  { list: 'a=1,ot=th:8', threshold: null, want: 'a=1' },
  { list: 'ot=rv:fedcba98765432', threshold: '80000000000000', want: 'ot=th:8;rv:fedcba98765432' },
])('withThreshold($threshold) makes "$want" of "$list"', ({ list, threshold, want }) => {
  expect(withThreshold(state(list), threshold)?.serialize()).toBe(want);
});

test('whoever keeps a larger share keeps all that others keep, and about that share', () => {
  const ratio = fc.double({ min: 1e-6, max: 1, noNaN: true });
  const randomness = fc.bigInt(0n, 2n ** 56n - 1n).map((n) => n.toString(16).padStart(14, '0'));
  fc.assert(
    fc.property(ratio, ratio, randomness, (a, b, value) => {
      const [less, more] = a < b ? [a, b] : [b, a];
      const keeps = (share: number) => value >= (thresholdOf(share) ?? 'g');
      return !keeps(less) || keeps(more);
    }),
  );
  for (const share of [0.003, 0.1, 0.77]) {
    const rejected = Number(`0x${thresholdOf(share)}`) / 2 ** 56;
    expect(1 - rejected).toBeCloseTo(share, 9);
  }
});
