import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadStrategy } from '../../pauses/load.ts';

const folder = join(import.meta.dirname, 'fixtures');

test.each([
  { when: 'it is built in', kind: 'gc', want: 'gc' },
  { when: 'it is built in', kind: 'block', want: 'block' },
  { when: 'it is built in', kind: 'freeze', want: 'freeze' },
  { when: 'it is built in', kind: 'delay', want: 'delay' },
  { when: 'it is a path from the folder', kind: './strategy.ts', want: 'mine' },
  { when: 'it is a file of the folder', kind: 'strategy.ts', want: 'mine' },
  { when: 'it is an absolute path', kind: resolve(folder, 'strategy.ts'), want: 'mine' },
])('loadStrategy() finds $kind when $when', async ({ kind, want }) => {
  const strategy = await loadStrategy(kind, folder);
  expect(strategy.kind).toBe(want);
  await strategy.stop();
});

test.each([
  { kind: 'blok', message: /^There is no pause kind "blok": use gc, block, freeze, delay, or the/ },
  { kind: 'constructor', message: /^There is no pause kind "constructor"/ },
  { kind: './missing.ts', message: /^Cannot load the pause strategy .+fixtures.missing\.ts: / },
  { kind: './broken.ts', message: /^Cannot load .+broken\.ts: broken while loading$/ },
  {
    kind: './noDefault.ts',
    message: /noDefault\.ts is no .+; its default export is of type undef/,
  },
  { kind: './half.ts', message: /half\.ts is no .+; what it returned lacks strike, stop$/ },
])('loadStrategy() says what is wrong with $kind', async ({ kind, message }) => {
  await expect(loadStrategy(kind, folder)).rejects.toThrow(message);
});
