import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleMesh, startExampleMesh } from '../flakes/exampleMesh.ts';
import { runMeshExample } from './meshExample.ts';

let mesh: ExampleMesh;
beforeAll(async () => {
  mesh = await startExampleMesh({ signal: AbortSignal.timeout(30_000), onDeath: () => {} });
});
afterAll(() => mesh?.stop());

// The example for one process is run by test/repository/package.test.ts, with the package itself.
test("the example's tests pass on the mesh, as they stand", async () => {
  expect(await runMeshExample(mesh.env)).toMatch(/5 passed/);
});
