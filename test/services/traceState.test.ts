import { describe, expect, test } from 'vitest';
import { receivedTraceState } from '../../services/kit/traceState.ts';

const many = (count: number) => Array.from({ length: count }, (_, i) => `v${i}=x`).join(',');
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789_-*/';

describe('receivedTraceState(), by the grammar of W3C Trace Context, level 2', () => {
  test.each([
    { what: 'one member', header: 'aftershock=h:2;t:1718439730123456' },
    { what: 'the article’s', header: 'rojo=00f067aa0ba902b7,congo=t61rcm8rf17u7ctf4hlm' },
    { what: 'all characters of a key', header: `${letters}@=1,0tenant@vendor=1` },
    {
      what: '@ at the end, twice, or late',
      header: `foo@=1,a@@b=1,a@b@c=1,${'t'.repeat(242)}@v=1`,
    },
    { what: 'odd values', header: 'a= !"#$%&\'()*+-./:;<>?@[\\]^_`{|}~,b=x y' },
    { what: '32 members', header: many(32) },
    { what: 'longest key and value', header: `${'k'.repeat(256)}=${'v'.repeat(256)}` },
    { what: 'a key twice', header: 'a=1,a=2' },
    { what: 'white space', header: ' a=1 \t ,\tb=2 ', want: 'a=1,b=2' },
    { what: 'an empty member', header: ',a=1, ,b=2,', want: 'a=1,b=2' },
  ])('passes on $what', ({ header, want = header }) => {
    expect(receivedTraceState(header)?.serialize()).toBe(want);
  });

  test.each([
    { what: '33 members', header: many(33) },
    { what: 'no value', header: 'a=,b=2' },
    { what: 'a value of white space', header: 'a= ,b=2' },
    { what: 'no key', header: '=1,b=2' },
    { what: 'no equals sign', header: 'a,b=2' },
    { what: 'two equals signs', header: 'a=1=2,b=2' },
    { what: 'a capital', header: 'A=1,b=2' },
    { what: 'a dot in a key', header: 'foo.bar=1,b=2' },
    { what: 'a space in a key', header: 'foo =1,b=2' },
    { what: '@ at the start', header: '@foo=1,b=2' },
    { what: 'too long a key', header: `${'k'.repeat(257)}=1,b=2` },
    { what: 'too long a value', header: `a=${'v'.repeat(257)},b=2` },
    { what: 'a character of no ASCII', header: 'a=é,b=2' },
    { what: 'a control character', header: 'a=1\u0001,b=2' },
    { what: 'nothing', header: '' },
    { what: 'only commas', header: ' , ,' },
  ])('discards the whole list for $what', ({ header }) => {
    expect(receivedTraceState(header)).toBeUndefined();
  });

  test('can be asked and changed', () => {
    const state = receivedTraceState('a=1,b=2');
    expect(state?.get('b')).toBe('2');
    expect(state?.get('c')).toBeUndefined();
    expect(state?.set('b', '3').serialize()).toBe('b=3,a=1');
    expect(state?.set('c', '3').serialize()).toBe('c=3,a=1,b=2');
    expect(state?.set('C', '3').serialize()).toBe('a=1,b=2');
    expect(state?.set('c', '').serialize()).toBe('a=1,b=2');
    expect(state?.unset('a').serialize()).toBe('b=2');
    expect(state?.unset('a').unset('b').set('c', '1').serialize()).toBe('c=1');
    expect(state?.serialize()).toBe('a=1,b=2');
  });

  test('a new member costs a full list its last', () => {
    expect(receivedTraceState(many(32))?.set('new', '1').serialize()).toBe(`new=1,${many(31)}`);
  });
});
