import { expect, test } from 'vitest';
import { callees, startLevels } from '../../lab/launch/levels.ts';
import type { Call, Service, Step } from '../../mesh/mesh.ts';

function call(to: string): Step {
  return { call: { to } as Call };
}

function mesh(calls: Record<string, Step[]>) {
  const services = Object.entries(calls).map(([name, script]) => [
    name,
    { script } as Partial<Service>,
  ]);
  return { services: Object.fromEntries(services) as Record<string, Service> };
}

test.each([
  {
    what: 'a chain',
    calls: { gateway: [call('auth')], auth: [call('user')], user: [] },
    want: [['user'], ['auth'], ['gateway']],
  },
  {
    what: 'a fan-out',
    calls: { gateway: [{ parallel: [call('a'), call('b')] }], a: [], b: [] },
    want: [['a', 'b'], ['gateway']],
  },
  {
    what: 'a diamond',
    calls: {
      top: [call('left'), call('right')],
      left: [call('end')],
      right: [call('end')],
      end: [],
    },
    want: [['end'], ['left', 'right'], ['top']],
  },
  {
    what: 'branches of different length',
    calls: { top: [call('near'), call('far')], near: [], far: [call('end')], end: [] },
    want: [['near', 'end'], ['far'], ['top']],
  },
  { what: 'one service', calls: { only: [] }, want: [['only']] },
])('startLevels() of $what is $want', ({ calls, want }) => {
  expect(startLevels(mesh(calls as unknown as Record<string, Step[]>))).toEqual(want);
});

test('startLevels() refuses a cycle and names the services', () => {
  const cycle = mesh({ a: [call('b')], b: [call('a')], c: [] });
  expect(() => startLevels(cycle)).toThrow(/a, b: their calls form a cycle/);
});

test('callees() names each called service once, parallel ones included', () => {
  expect(callees([call('b'), { parallel: [call('a'), call('b')] }])).toEqual(['b', 'a']);
});
