import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BlankProject, blankProject } from './blankProject.ts';

const packages = fileURLToPath(new URL('../../node_modules/', import.meta.url));
let project: BlankProject;

beforeAll(async () => {
  project = await blankProject();
  const modules = join(project.folder, 'node_modules');
  mkdirSync(join(modules, 'aftershock'), { recursive: true });
  await project.run('tar', [
    'xzf',
    project.tarball,
    '--strip-components=1',
    '-C',
    'node_modules/aftershock',
  ]);
  // What a newcomer would install besides; from here, so that it takes no network.
  for (const name of ['vitest', '@opentelemetry', 'express', '@types']) {
    symlinkSync(join(packages, name), join(modules, name));
  }
});
afterAll(() => project?.remove());

const node = (...args: string[]) => project.run(process.execPath, args);

test('the package has what is built, and needs no other', () => {
  const folder = join(project.folder, 'node_modules/aftershock');
  expect(readdirSync(folder).toSorted()).toEqual(['README.md', 'dist', 'package.json']);
  expect(readdirSync(join(folder, 'dist'))).toEqual(['package']);
  const { dependencies, exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  expect(dependencies).toBeUndefined();
  expect(Object.keys(exports)).toEqual(['./traces', './vitest', './pauses', './package.json']);
  const files = readdirSync(join(folder, 'dist/package'), { recursive: true }).map(String);
  const kinds = files.map((file) => /\.[^/]+$/.exec(file)?.[0]).filter((kind) => kind);
  expect([...new Set(kinds)].toSorted()).toEqual(['.d.ts', '.js']);
});

test('a blank project tests its traces with it', async () => {
  const output = await node(join(packages, 'vitest/vitest.mjs'), 'run');
  expect(output).toMatch(/2 passed/);
});

test('a blank project sees its pauses with it', async () => {
  expect(await node('paused.js')).toMatch(/^saw a pause: /);
});

test.each(['nodenext', 'bundler'])(
  'its declarations are right for `moduleResolution` %s',
  async (resolution) => {
    const module = resolution === 'bundler' ? 'esnext' : 'nodenext';
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--types', 'node'];
    const modules = ['--module', module, '--moduleResolution', resolution];
    const tsc = join(packages, 'typescript/bin/tsc');
    await node(tsc, ...options, ...modules, 'types/check.ts', 'types/page.ts');
  },
);
