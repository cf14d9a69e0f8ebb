import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleMesh, startExampleMesh } from '../flakes/exampleMesh.ts';

let mesh: ExampleMesh;
beforeAll(async () => {
  mesh = await startExampleMesh({ signal: AbortSignal.timeout(30_000), onDeath: () => {} });
});
afterAll(() => mesh?.stop());

// The example for one process is run by test/repository/package.test.ts, with the package itself.
test("the example's tests pass on the mesh, as they stand", async () => {
  const vitest = join(createRequire(import.meta.url).resolve('vitest'), '../vitest.mjs');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [vitest, 'run', '--root', 'docs/examples', 'mesh'],
    { env: { ...process.env, ...mesh.env } },
  );
  expect(stdout).toMatch(/5 passed/);
});
