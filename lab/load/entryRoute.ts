import type { Mesh } from '../../mesh/mesh.ts';

/** Path of the requests that the mesh's entry takes, with `{id}` in place of the id. */
export function entryRoute(mesh: Pick<Mesh, 'entry' | 'services'>): string {
  return mesh.services[mesh.entry]?.program === 'relay' ? '/relay/{id}' : '/users/{id}';
}
