import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${root}docs/trace-tests.md`, 'utf8');
const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({
  language,
  text: text ?? '',
}));

// The files themselves are run, by package.test.ts.
test('every program on the page of trace tests is the file that the tests run', () => {
  // A block that does not begin with the name of a file is a piece of one.
  const programs = blocks.filter(
    ({ language, text }) => language === 'ts' && /^\/\/ \S+\n/.test(text),
  );
  expect(programs).toHaveLength(2);
  for (const { text } of programs) {
    const [, name, program] = /^\/\/ (\S+)\n(.*)$/s.exec(text) ?? [];
    expect(program).toBe(readFileSync(`${root}docs/examples/one-process/${name}`, 'utf8'));
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
