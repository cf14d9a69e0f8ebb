import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { codeBlocks } from './codeBlocks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${root}docs/trace-tests.md`, 'utf8');
const blocks = codeBlocks(page);

// The files themselves are run by package.test.ts, which compiles whatever has no name.
test('every program on the page of trace tests is the file that the tests run', () => {
  const programs = blocks.filter(({ name }) => name !== null);
  expect(programs.map(({ name }) => name)).toEqual(['tracing.ts', 'shop.test.ts']);
  for (const { name, text } of programs) {
    expect(text).toBe(readFileSync(`${root}docs/examples/one-process/${name}`, 'utf8'));
  }
  const languages = new Set(blocks.map(({ language }) => language));
  expect([...languages].toSorted()).toEqual(['sh', 'ts']);
});

test('what the page says to type installs what the example needs, by the versions in use', () => {
  const typed = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
  const { version, scripts, devDependencies } = JSON.parse(
    readFileSync(`${root}package.json`, 'utf8'),
  );
  const installed = [...typed.join('').matchAll(/ (@?[\w/-]+)@([\d.]+)/g)];
  expect(installed.length).toBeGreaterThan(5);
  for (const [, name = '', wanted] of installed) {
    expect(`${devDependencies[name]}.`, name).toMatch(new RegExp(`^${wanted}[.]`));
  }
  expect(typed.join('')).toContain(`aftershock-${version}.tgz`);
  for (const [, script] of page.matchAll(/npm run ([\w:]+)/g)) {
    expect(scripts).toHaveProperty([script ?? '']);
  }
});
