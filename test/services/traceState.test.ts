import { TraceState } from '@opentelemetry/core';
import { expect, test } from 'vitest';
import { receivedTraceState } from '../../services/kit/traceState.ts';

const many = (count: number) => Array.from({ length: count }, (_, i) => `v${i}=x`).join(',');

test.each([
  { what: 'one member', header: 'aftershock=h:2;t:1718439730123456' },
  { what: 'the article’s', header: 'rojo=00f067aa0ba902b7,congo=t61rcm8rf17u7ctf4hlm' },
  { what: 'a tenant', header: '0tenant@vendor=1,a-_*/=2' },
  { what: 'odd values', header: 'a= !"#$%&\'()*+-./:;<>?@[\\]^_`{|}~,b=x y' },
  { what: '32 members', header: many(32) },
  { what: '33 members', header: many(33) },
  { what: 'white space', header: ' a=1 ,\tb=2 ' },
  { what: 'an empty member', header: 'a=1,,b=2' },
  { what: 'no value', header: 'a=,b=2' },
  { what: 'no key', header: '=1,b=2' },
  { what: 'two equals signs', header: 'a=1=2,b=2' },
  { what: 'a capital', header: 'A=1,b=2' },
  { what: 'a character of no ASCII', header: 'a=é,b=2' },
  { what: 'nothing', header: '' },
  {
    what: 'too long a list',
    header: `a=${'x'.repeat(250)},b=${'y'.repeat(250)},c=${'z'.repeat(250)}`,
  },
])('receivedTraceState() reads as the SDK does: $what', ({ header }) => {
  expect(receivedTraceState(header).serialize()).toBe(new TraceState(header).serialize());
});

test('receivedTraceState() can be asked and changed', () => {
  const state = receivedTraceState('a=1,b=2');
  expect(state.get('b')).toBe('2');
  expect(state.set('b', '3').serialize()).toBe('b=3,a=1');
  expect(state.unset('a').serialize()).toBe('b=2');
  expect(state.serialize()).toBe('a=1,b=2');
});
