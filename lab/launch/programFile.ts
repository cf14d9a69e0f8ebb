import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Program } from '../../mesh/mesh.ts';

/** A program that the lab starts as a process of its own. */
export type ProgramName = 'collector/main' | 'lab/load/main' | `services/${Program}`;

/** Its file: a source where the lab runs from source, a bundle where it is bundled itself. */
export function programFile(name: ProgramName): string {
  return fileURLToPath(new URL(`../../${name}${extname(import.meta.url)}`, import.meta.url));
}
