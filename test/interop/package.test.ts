import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BlankProject, blankProject } from '../repository/blankProject.ts';

const { devDependencies } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
);
const others = [
  'vitest',
  'express',
  '@opentelemetry/api',
  '@opentelemetry/sdk-node',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/instrumentation-http',
].map((name) => `${name}@${devDependencies[name]}`);

/** Installs for real, with whatever registry npm is set up for. */
describe.each([22, 24])('the package in a blank project on Node %i', (major) => {
  let project: BlankProject;
  let node: string;
  beforeAll(async () => {
    project = await blankProject();
    writeFileSync(
      join(project.folder, 'package.json'),
      // npm runs no install script of a package that is not allowed to: this one brings Node.
      JSON.stringify({ type: 'module', private: true, allowScripts: { node: true } }),
    );
    await project.run('npm', ['install', project.tarball, `node@${major}`, ...others]);
    node = join(project.folder, 'node_modules/.bin/node');
  });
  afterAll(() => project?.remove());

  test('is installed with its peers alone, and the Node is that one', async () => {
    expect(await project.run(node, ['--version'])).toMatch(new RegExp(`^v${major}[.]`));
    const tree = JSON.parse(await project.run('npm', ['ls', 'aftershock', '--json', '--long']));
    expect(tree.dependencies.aftershock.dependencies ?? {}).toSatisfy((found: object) =>
      Object.keys(found).every((name) => ['@opentelemetry/api', 'vitest'].includes(name)),
    );
  });

  test('tests traces', async () => {
    expect(await project.run(node, ['node_modules/vitest/vitest.mjs', 'run'])).toMatch(/2 passed/);
  });

  test('sees pauses', async () => {
    expect(await project.run(node, ['paused.js'])).toMatch(/^saw a pause: /);
  });
});
