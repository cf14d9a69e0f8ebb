import { writeFileSync } from 'node:fs';
import * as z from 'zod';
import { meshSchema } from './schema.ts';

/**
 * The JSON Schema of a mesh file, for editors: they complete keys, show descriptions and mark
 * mistakes as one types. Draft 7, which the YAML extension of VS Code knows best.
 */
export function meshJsonSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(meshSchema, { io: 'input', target: 'draft-7' });
  const schema = { $schema, title: 'Aftershock mesh', ...rest };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (import.meta.main) {
  const file = new URL('./mesh.schema.json', import.meta.url);
  writeFileSync(file, meshJsonSchema());
  console.log(`wrote ${file.pathname}`);
}
