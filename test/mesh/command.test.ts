import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { meshCommand } from '../../lab/commands/mesh.ts';
import { readMesh } from '../../mesh/read.ts';

const folder = mkdtempSync(join(tmpdir(), 'aftershock-command-'));
const chain = new URL('../../mesh/chain.yaml', import.meta.url).pathname;
const article = new URL('../../mesh/article.yaml', import.meta.url).pathname;

afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function run(...args: string[]) {
  process.exitCode = undefined;
  let out = '';
  let err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  vi.spyOn(console, 'error').mockImplementation((text) => {
    err += `${text}\n`;
  });
  await meshCommand().parseAsync(args, { from: 'user' });
  const code = process.exitCode ?? 0;
  vi.restoreAllMocks();
  return { out, err, code };
}

test('mesh FILE prints the mesh with its defaults', async () => {
  const { out, err, code } = await run(chain);
  expect(out).toContain('maxInFlight: 1000');
  expect({ err, code }).toEqual({ err: '', code: 0 });
});

test('mesh FILE --json prints what readMesh() gave', async () => {
  const { out } = await run(chain, '--json');
  expect(JSON.parse(out)).toEqual(readMesh(chain));
});

test('mesh FILE writes warnings to stderr', async () => {
  const { err, code } = await run(article);
  expect(err).toMatch(/^warning: services\.gateway\.script\[2\]\.call\.timeout: /);
  expect(code).toBe(0);
});

test('mesh FILE ends with 2 and all mistakes when the file is wrong', async () => {
  const file = join(folder, 'wrong.yaml');
  writeFileSync(file, 'version: 2\nlod: {}\nservices: { a: {} }\n');
  const { out, err, code } = await run(file);
  expect({ out, code }).toEqual({ out: '', code: 2 });
  expect(err.trimEnd().split('\n')).toEqual([
    `${file}:1:10: version: unknown version 2; this program reads version 1`,
    expect.stringContaining(`${file}:2:1: lod: unknown key "lod"; did you mean "load"?`),
  ]);
});

test('mesh FILE ends with 2 where the module of a pause is not there', async () => {
  const file = join(folder, 'module.yaml');
  writeFileSync(
    file,
    'version: 1\nservices: { a: {} }\npauses: [ { service: a, kind: ./own.ts, duration: 1ms, once: 1s } ]\n',
  );
  expect(await run(file)).toEqual({
    out: '',
    err: expect.stringContaining(
      `${file}: pauses[0].kind: there is no file ${join(folder, 'own.ts')};`,
    ),
    code: 2,
  });
  writeFileSync(join(folder, 'own.ts'), '');
  expect(await run(file)).toMatchObject({ err: '', code: 0 });
});
