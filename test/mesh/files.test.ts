import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { visitsPerRequest } from '../../mesh/calls.ts';
import { meshJsonSchema } from '../../mesh/jsonSchema.ts';
import { meshToYaml } from '../../mesh/print.ts';
import { parseMesh, readMesh } from '../../mesh/read.ts';
import { meshWarnings } from '../../mesh/warnings.ts';

const folder = new URL('../../mesh/', import.meta.url);
const pathOf = (file: string) => new URL(file, folder).pathname;

test.each([
  { file: 'chain.yaml', visits: { gateway: 1, auth: 1, user: 1 }, warnings: [] },
  {
    file: 'article.yaml',
    visits: { gateway: 1, auth: 1, user: 1, 'db-proxy': 1 },
    warnings: ['timeout inversion'],
  },
  {
    file: 'retries.yaml',
    visits: { gateway: 1, auth: 1, user: 1 },
    warnings: ['timeout inversion', 'retry storm'],
  },
  {
    file: 'fanout.yaml',
    visits: {
      gateway: 1,
      ...Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`relay-${i + 1}`, 1])),
    },
    warnings: [],
  },
])('$file is a mesh that two cores can play', ({ file, visits, warnings }) => {
  const mesh = readMesh(pathOf(file));
  expect(`${mesh.name}.yaml`).toBe(file);
  expect(visitsPerRequest(mesh)).toEqual(visits);
  expect(meshWarnings(mesh, { cores: 2 }).map(({ kind }) => kind)).toEqual(warnings);
  expect(parseMesh(meshToYaml(mesh), file)).toEqual(mesh);
  expect(readFileSync(pathOf(file), 'utf8')).toMatch(
    /^# yaml-language-server: \$schema=\.\/mesh\.schema\.json\n/,
  );
});

test('mesh.schema.json is the one that the schema gives (else: npm run schema)', () => {
  expect(readFileSync(pathOf('mesh.schema.json'), 'utf8')).toBe(meshJsonSchema());
});

test('mesh.schema.json explains every key', () => {
  const unexplained: string[] = [];
  function visit(node: unknown, path: string): void {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) visit(value, `${path}/${key}`);
    if (!('properties' in node)) return;
    for (const [key, property] of Object.entries(node.properties as object)) {
      // `type` tells alternatives apart; what a $ref leads to is explained there.
      const isExplained = 'description' in property || '$ref' in property || key === 'type';
      if (!isExplained) unexplained.push(`${path}/${key}`);
    }
  }
  visit(JSON.parse(meshJsonSchema()), '');
  expect(unexplained).toEqual([]);
});
