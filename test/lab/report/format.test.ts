import { expect, test } from 'vitest';
import {
  countDiffers,
  differs,
  duration,
  list,
  ms,
  percent,
  plural,
  quantileMs,
  signedMs,
} from '../../../lab/report/format.ts';

test.each([
  { value: 0, want: '0.0' },
  { value: -0.04, want: '0.0' },
  { value: 1.26, want: '1.3' },
  { value: 9.94, want: '9.9' },
  { value: 9.96, want: '10' },
  { value: 120.4, want: '120' },
  { value: 12_345, want: '12,345' },
  { value: -3.2, want: '−3.2' },
  { value: null, want: 'no data' },
  { value: Number.POSITIVE_INFINITY, want: 'no end' },
])('ms() of $value is $want', ({ value, want }) => {
  expect(ms(value)).toBe(want);
});

test.each([
  { value: 92.3, want: '+92' },
  { value: -0.26, want: '−0.3' },
  { value: -0.01, want: '0.0' },
  { value: null, want: 'no data' },
])('signedMs() of $value is $want', ({ value, want }) => {
  expect(signedMs(value)).toBe(want);
});

test.each([
  { value: null, want: 'too few' },
  { value: 'never' as const, want: 'never' },
  { value: 7.04, want: '7.0' },
])('quantileMs() of $value is $want', ({ value, want }) => {
  expect(quantileMs(value)).toBe(want);
});

test.each([
  { valueMs: 120, want: '120 ms' },
  { valueMs: 3000, want: '3 s' },
  { valueMs: 2960, want: '3 s' },
  { valueMs: 2500, want: '2.5 s' },
])('duration() of $valueMs is $want', ({ valueMs, want }) => {
  expect(duration(valueMs)).toBe(want);
});

test.each([
  { share: 0, want: '0 %' },
  { share: 0.0004, want: '0 %' },
  { share: 0.015, want: '1.5 %' },
  { share: 0.5, want: '50 %' },
])('percent() of $share is $want', ({ share, want }) => {
  expect(percent(share)).toBe(want);
});

test('plural() and list() read as text', () => {
  expect([plural(1, 'pause'), plural(1200, 'pause')]).toEqual(['1 pause', '1,200 pauses']);
  expect([list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])]).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ]);
});

test.each([
  { measured: 9, expected: 14.2, want: false },
  { measured: 90, expected: 142, want: true },
  { measured: 120, expected: 142, want: false },
])('countDiffers() is $want for $measured where $expected were expected', (row) => {
  expect(countDiffers(row.measured, row.expected)).toBe(row.want);
});

test.each([
  { measured: 100, expected: 120, want: false },
  { measured: 70, expected: 120, want: true },
  { measured: 3, expected: 1, want: false },
  { measured: 90, expected: 0, want: true },
  { measured: 90, expected: Number.POSITIVE_INFINITY, want: false },
])('differs() is $want for $measured where $expected was expected', (row) => {
  expect(differs(row.measured, row.expected, 5)).toBe(row.want);
});
