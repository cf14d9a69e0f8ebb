import { readFileSync } from 'node:fs';
import type { Mesh } from './mesh.ts';

/**
 * Reads a mesh that was checked before and written as JSON by `meshToJson`. Needs neither the
 * YAML parser nor the schema, so that a service starts quickly.
 * @throws {SyntaxError} if the file is not JSON.
 * @throws {TypeError} if the file is no resolved mesh of this version. Nothing else is checked.
 */
export function readResolvedMesh(path: string): Mesh {
  const mesh = JSON.parse(readFileSync(path, 'utf8')) as Partial<Mesh> | null;
  if (mesh?.version !== 1 || typeof mesh.services !== 'object' || typeof mesh.seed !== 'number') {
    throw new TypeError(
      `${path} is not a resolved mesh of version 1 (its version is ${mesh?.version}); ` +
        'write one with: npm run aftershock -- mesh FILE --json',
    );
  }
  return mesh as Mesh;
}
