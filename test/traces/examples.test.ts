import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FlakesMesh, startFlakesMesh } from '../flakes/flakesMesh.ts';
import { runMeshExample } from './meshExample.ts';

let mesh: FlakesMesh;
beforeAll(async () => {
  mesh = await startFlakesMesh({ signal: AbortSignal.timeout(30_000), onDeath: () => {} });
});
afterAll(() => mesh?.stop());

// The example for one process is run by test/repository/package.test.ts, with the package itself.
test("the example's tests pass on the mesh, as they stand", async () => {
  expect(await runMeshExample(mesh.env)).toMatch(/5 passed/);
});
