import { Document, isMap, isScalar, visit } from 'yaml';
import * as z from 'zod';
import type { Mesh } from './mesh.ts';
import { meshSchema } from './schema.ts';

/** Short maps, such as distributions, stand in one line. */
const longestInline = 70;

/** The mesh as a YAML file with every default written out; read again it gives an equal mesh. */
export function meshToYaml(mesh: Mesh): string {
  const written = z.encode(meshSchema, mesh as z.output<typeof meshSchema>);
  const doc = new Document({
    ...written,
    // Either every or once is given; the other one's null says nothing.
    pauses: (written.pauses ?? []).map((pause) =>
      Object.fromEntries(Object.entries(pause).filter(([, value]) => value !== null)),
    ),
  });
  visit(doc, {
    Map(_, map, ancestors) {
      const isLeaf = map.items.length > 1 && map.items.every(({ value }) => isScalar(value));
      const isInline = isLeaf && JSON.stringify(map.toJSON()).length <= longestInline;
      if (isInline && ancestors.some((node) => isMap(node))) map.flow = true;
    },
  });
  return doc.toString({ lineWidth: 100 });
}

/** The mesh as JSON, lengths of time in milliseconds, for `readResolvedMesh` and `readMesh`. */
export function meshToJson(mesh: Mesh): string {
  return `${JSON.stringify(mesh, null, 2)}\n`;
}
