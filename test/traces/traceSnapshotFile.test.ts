import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
let folder = '';
let file = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trace-snapshot-'));
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
  await mkdir(join(folder, 'test'));
  file = join(folder, 'test/a.test.ts');
  await writeFile(file, testFile);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const testFile = `
import { expect, test } from 'vitest';
import { Trace } from '${repository}/traces/index.ts';
import { traceMatchers } from '${repository}/traces/vitest/index.ts';
import { msSpan } from '${repository}/test/traces/span.ts';
expect.extend(traceMatchers);
const trace = new Trace([
  msSpan('a', '', 0, 5, { name: process.env.NAME, attributes: { 'server.port': Math.random() } }),
]);
test('file', () => { expect(trace).toMatchTraceSnapshot({ hint: 'mine' }); });
test('inline', () => {
  expect(trace).toMatchTraceInlineSnapshot();
});
test('soft', () => { expect.soft(trace).toMatchTraceSnapshot(); });
`;

/** Runs the test file above in a vitest of its own: titles of tests with their messages. */
async function run(name: string): Promise<Record<string, string>> {
  const report = join(folder, `${name}.json`);
  const vitest = join(repository, 'node_modules/vitest/vitest.mjs');
  const args = ['run', '--root', folder, '--reporter=json', `--outputFile=${report}`];
  const env = {
    ...process.env,
    NAME: name,
    CI: '',
    VITEST: undefined,
    VITEST_POOL_ID: undefined,
  };
  await new Promise((done) => execFile(process.execPath, [vitest, ...args], { env }, done));
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as {
    testResults: {
      assertionResults: { title: string; status: string; failureMessages: string[] }[];
    }[];
  };
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  return Object.fromEntries(
    results.map(({ title, status, failureMessages: [message = ''] }) => [
      title,
      `${status} ${message.split('\n')[0]}`.trim(),
    ]),
  );
}

test('writes the snapshot, in a file or in the test, and holds the next trace to it', async () => {
  const passed = { file: 'passed', inline: 'passed', soft: 'passed' };
  expect(await run('first')).toEqual(passed);
  expect(
    await readFile(`${file.replace('a.test', '__snapshots__/a.test')}.snap`, 'utf8'),
  ).toContain(
    'exports[`file > mine 1`] = `\n"unknown_service "first" [internal]\n  server.port: <port>"\n`;',
  );
  expect(await readFile(file, 'utf8')).toMatch(
    /toMatchTraceInlineSnapshot\(`\n\s+"unknown_service "first" \[internal\]\n\s+server.port: <port>"\n\s+`\)/,
  );
  expect(await run('first')).toEqual(passed);
  expect(await run('second')).toEqual({
    file: 'failed Error: expect(trace).toMatchTraceSnapshot: Snapshot `file > mine 1` mismatched',
    inline:
      'failed Error: expect(trace).toMatchTraceInlineSnapshot: Snapshot `inline 1` mismatched',
    soft: 'failed Error: expect(trace).toMatchTraceSnapshot: Snapshot `soft 1` mismatched',
  });
});
