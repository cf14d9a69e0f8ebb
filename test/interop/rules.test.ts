import { globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { binary } from './tools/binaries.ts';
import { run } from './tools/run.ts';

const folder = fileURLToPath(new URL('../../dashboards/prometheus/', import.meta.url));
const ruleFiles = globSync('rules/*.rules.yaml', { cwd: folder });

async function promtool(...args: string[]): Promise<{ code: number | null; output: string }> {
  return run(await binary('promtool'), args, { cwd: folder });
}

test('promtool takes the configuration and the rules, and has nothing to say on style', async () => {
  const config = await promtool('check', 'config', '--lint=all', '--lint-fatal', 'prometheus.yml');
  expect(config.output).not.toMatch(/warning/i);
  expect(config.code, config.output).toBe(0);
});

test.each(ruleFiles)('%s does what its tests say', async (file) => {
  const tests = join(folder, file.replace('.rules.yaml', '.test.yaml'));
  const { code, output } = await promtool('test', 'rules', tests);
  expect(code, output).toBe(0);
});
