import { existsSync } from 'node:fs';
import type { Mesh } from '../../mesh/mesh.ts';
import { MeshError, type Mistake } from '../../mesh/mistakes.ts';
import { modulePattern } from '../../mesh/schema.ts';

/**
 * Said before anything starts, not once a service has been asked to load what is not there. Only
 * where pauses are made: other services read the same mesh, and have no such file.
 * @throws {MeshError} that names every pause of `mesh` whose module is not there.
 */
export function checkPauseModules(mesh: Mesh, source: string): void {
  const mistakes = mesh.pauses.flatMap(({ kind }, i): Mistake[] => {
    if (!modulePattern.test(kind) || existsSync(kind)) return [];
    const message = `there is no file ${kind}; it must be gc, block, freeze, delay, or the path of a module`;
    return [{ file: source, line: null, column: null, path: `pauses[${i}].kind`, message }];
  });
  if (mistakes.length > 0) throw new MeshError(mistakes);
}
