import { expect, test } from 'vitest';
import { choosePort, withPort } from '../../lab/launch/ports.ts';

/** Starts at any port but the taken ones. */
function starter(taken: readonly number[]) {
  return async (port: number) => (taken.includes(port) ? null : `at ${port}`);
}

test('withPort() uses the default port when it is free, without a word', async () => {
  const said: string[] = [];
  const choice = choosePort({ auth: 9000 }, 'gateway', 8080);
  expect(await withPort('gateway', choice, starter([]), (l) => said.push(l))).toBe('at 8080');
  expect(said).toEqual([]);
});

test('withPort() takes any free port when the default one is taken, and says so', async () => {
  const said: string[] = [];
  const choice = choosePort({}, 'gateway', 8080);
  expect(await withPort('gateway', choice, starter([8080]), (l) => said.push(l))).toBe('at 0');
  expect(said).toEqual(['port 8080 for gateway is taken: a free one is used instead']);
});

test('withPort() refuses when a port that was asked for is taken, and names the option', async () => {
  const choice = choosePort({ gateway: 9000 }, 'gateway', 8080);
  await expect(withPort('gateway', choice, starter([9000]), () => {})).rejects.toThrow(
    'Port 9000 for gateway, asked for with --port gateway=9000, is taken; choose another, or ' +
      '--port gateway=0 for any free one',
  );
});
