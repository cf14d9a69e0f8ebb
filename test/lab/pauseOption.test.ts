import { expect, test } from 'vitest';
import { parsePause } from '../../lab/commands/pauseOption.ts';

const gc = {
  service: 'user',
  kind: 'gc',
  duration: { type: 'constant', value: 120 },
  every: { type: 'fixed', value: 3000 },
  once: null,
  phase: 'poll',
};

test.each([
  { text: 'user=gc:120ms/3s', want: gc },
  { text: 'user=gc:120ms/poisson:3s', want: { ...gc, every: { type: 'poisson', mean: 3000 } } },
  { text: 'user=gc:120ms@1.5s', want: { ...gc, every: null, once: 1500 } },
  { text: 'user=gc:120ms@0ms', want: { ...gc, every: null, once: 0 } },
  { text: 'user=gc:120ms/3s,phase=timers', want: { ...gc, phase: 'timers' } },
  { text: 'auth-2=block:120ms/3s', want: { ...gc, service: 'auth-2', kind: 'block' } },
  {
    text: 'user=gc:exponential:120ms/3s',
    want: { ...gc, duration: { type: 'exponential', mean: 120 } },
  },
  {
    text: 'user=gc:lognormal:120ms:0.5/3s',
    want: { ...gc, duration: { type: 'lognormal', median: 120, sigma: 0.5 } },
  },
  { text: 'user=./mine/storm.ts:120ms/3s', want: { ...gc, kind: './mine/storm.ts' } },
])('parsePause("$text")', ({ text, want }) => {
  expect(parsePause(text)).toEqual(want);
});

test.each([
  { text: 'user', because: /not of that form/ },
  { text: 'gc:120ms/3s', because: /not of that form/ },
  { text: 'user=gc:120ms', because: /not of that form/ },
  { text: 'user=gc:120ms/3s/4s', because: /not of that form/ },
  { text: 'user=gc:120/3s', because: /"120" as a length of time.*120ms/ },
  { text: 'user=gc:120ms/often', because: /"often" as a length of time/ },
  { text: 'user=gc:normal:120ms/3s', because: /"normal:120ms" is no LENGTH/ },
  { text: 'user=gc:lognormal:120ms:wide/3s', because: /"wide" is no number/ },
  { text: 'user=gc:lognormal:120ms/3s', because: /is no LENGTH/ },
  { text: 'user=gc:120ms/uniform:3s', because: /"uniform:3s" is no EVERY/ },
  { text: 'user=gc:120ms/3s,phase=idle', because: /"idle" is no phase/ },
])('parsePause("$text") says what is wrong and what would be valid', ({ text, because }) => {
  expect(() => parsePause(text)).toThrow(because);
  expect(() => parsePause(text)).toThrow(/It must be\nSERVICE=KIND:LENGTH\/EVERY/);
});
