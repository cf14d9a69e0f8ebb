import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

function checkNode(...options: string[]): Promise<{ code: unknown; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...options, 'checkNode.js'], { cwd: root }, (error, _, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

test('checkNode says nothing to a Node that strips types', async () => {
  expect(await checkNode()).toEqual({ code: 0, stderr: '' });
});

test('checkNode refuses a Node that does not, by name and cure', async () => {
  const { code, stderr } = await checkNode('--no-experimental-strip-types');
  expect(code).toBe(1);
  expect(stderr).toContain(`This is Node ${process.versions.node} with type stripping off`);
  expect(stderr).toContain('npm rebuild node --ignore-scripts=false');
});

test('every npm script that needs Node 24 is checked first', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  // Biome is a program of its own.
  const unchecked = Object.keys(scripts).filter(
    (name) => !name.startsWith('pre') && scripts[`pre${name}`] !== 'node checkNode.js',
  );
  expect(unchecked).toEqual(['format']);
});
