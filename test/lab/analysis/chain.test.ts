import { expect, test } from 'vitest';
import { attemptsAllowed, callsOf, tiersOf, upstreamOf } from '../../../lab/analysis/chain.ts';
import type { Call, Mesh, Service, Step } from '../../../mesh/mesh.ts';
import { syntheticRun } from '../syntheticRun.ts';

const call = (to: string, retries = 0): { call: Call } => ({
  call: {
    to,
    timeout: 100,
    retries,
    backoff: { base: 0, factor: 1, jitter: 0 },
    deadline: null,
    recheck: false,
  },
});

function meshOf(scripts: Readonly<Record<string, readonly Step[]>>): Mesh {
  const { mesh } = syntheticRun({ baselineMs: 0, pausesMs: 0 }).run;
  const service = (script: readonly Step[]): Service => ({
    program: 'relay',
    port: 0,
    concurrency: null,
    queue: null,
    script,
  });
  const services = Object.entries(scripts).map(
    ([name, script]) => [name, service(script)] as const,
  );
  return { ...mesh, entry: 'a', services: Object.fromEntries(services) };
}

/** a → b → d and a → c → d, and a → d directly. */
const diamond = meshOf({
  a: [{ cpu: { type: 'constant', value: 1 } }, { parallel: [call('b', 1), call('c')] }],
  b: [call('d', 2)],
  c: [call('d')],
  d: [],
});

test('callsOf() finds calls inside parallel steps, in the order of the script', () => {
  expect(callsOf(diamond.services.a?.script ?? []).map(({ to }) => to)).toEqual(['b', 'c']);
});

test('tiersOf() counts from the entry, by the shortest way', () => {
  expect([...tiersOf(diamond)]).toEqual([
    ['a', 1],
    ['b', 2],
    ['c', 2],
    ['d', 3],
  ]);
  const shortcut = meshOf({ a: [call('b'), call('c')], b: [call('c')], c: [] });
  expect(tiersOf(shortcut).get('c')).toBe(2);
});

test.each([
  { service: 'd', want: ['a', 'b', 'c', 'd'] },
  { service: 'b', want: ['a', 'b'] },
  { service: 'a', want: ['a'] },
])('upstreamOf() $service is $want', ({ service, want }) => {
  expect([...upstreamOf(diamond, service)].sort()).toEqual(want);
});

test.each([
  { service: 'a', want: 1 },
  { service: 'b', want: 2 },
  { service: 'c', want: 1 },
  { service: 'd', want: 6 },
])('attemptsAllowed() at $service is $want', ({ service, want }) => {
  expect(attemptsAllowed(diamond, service)).toBe(want);
});
