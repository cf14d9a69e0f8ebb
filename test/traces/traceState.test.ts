import { expect, test } from 'vitest';
import { parseTraceState } from '../../traces/traceState.ts';

const many = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=v`);

test.each<{ header: string; want: string[] }>([
  { header: '', want: [] },
  { header: 'rojo=1', want: ['rojo=1'] },
  { header: 'b=2,a=1', want: ['b=2', 'a=1'] },
  { header: ' \tb=2 \t, a=1\t ,,', want: ['b=2', 'a=1'] },
  { header: '1fw@a-b_c*d/e=x', want: ['1fw@a-b_c*d/e=x'] },
  { header: 'a= b c', want: ['a= b c'] },
  { header: 'a=!+-<>~', want: ['a=!+-<>~'] },
  {
    header: `${'k'.repeat(256)}=${'v'.repeat(256)}`,
    want: [`${'k'.repeat(256)}=${'v'.repeat(256)}`],
  },
  { header: many(32).join(), want: many(32) },
])('parseTraceState() of $header', ({ header, want }) => {
  expect(parseTraceState(header).map(({ key, value }) => `${key}=${value}`)).toEqual(want);
});

test.each([
  'rojo',
  'rojo=',
  '=1',
  'Rojo=1',
  '_a=1',
  'a.b=1',
  'a=1=2',
  'a=é',
  'a=1,b',
  'a=1,a=2',
  `${'k'.repeat(257)}=1`,
  `a=${'v'.repeat(257)}`,
  many(33).join(),
])('parseTraceState() is void for %s', (header) => {
  expect(parseTraceState(header)).toEqual([]);
});
