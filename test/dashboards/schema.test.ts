import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashboardJson, type PanelJson } from './dashboardFiles.ts';

/**
 * The committed dashboards against the types of Grafana 13.1.0 itself (`@grafana/schema`): the page,
 * each panel, its options, its field options. The builders that draw them come from a package that
 * follows newer versions. Grafana has no types of where a query goes (`targets`, any object will do)
 * nor of what a data source adds to an annotation.
 */
const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));

const imports = `
import type { Dashboard, Panel } from '@grafana/schema';
${['Heatmap', 'Stat', 'Table', 'Text', 'TimeSeries']
  .map((name) => {
    const path = `raw/composable/${name.toLowerCase()}/panelcfg/x/${name}PanelCfg_types.gen`;
    return `import type * as ${name.toLowerCase()} from '@grafana/schema/dist/esm/${path}';`;
  })
  .join('\n')}
type Defaults = Omit<NonNullable<Panel['fieldConfig']>['defaults'], 'custom'>;
// JSON has the values of enums, not their names.
type Json<T> = T extends string
  ? string extends T ? string : \`\${T}\`
  : T extends number | boolean | null | undefined ? T
  : T extends readonly (infer U)[] ? Json<U>[]
  : T extends object ? { [K in keyof T]: Json<T[K]> }
  : T;
`;

/** Kinds of panels whose lines, cells or axes have options of their own. */
const withFieldOptions = new Set(['heatmap', 'timeseries']);

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'aftershock-schema-'));
  symlinkSync(modules, join(folder, 'node_modules'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the compiler says of constants with these types. */
function faults(constants: readonly { type: string; value: unknown }[]): string {
  const lines = constants.map(
    ({ type, value }, index) =>
      `export const constant${index}: Json<${type}> = ${JSON.stringify(value)};`,
  );
  writeFileSync(join(folder, 'check.ts'), imports + lines.join('\n'));
  const options = ['--strict', '--noEmit', '--skipLibCheck', '--ignoreConfig', '--types', ''];
  const { stdout, error } = spawnSync(
    join(modules, '.bin/tsc'),
    [...options, '--target', 'es2024', '--module', 'nodenext', 'check.ts'],
    { cwd: folder, encoding: 'utf8' },
  );
  if (error) throw error;
  return stdout;
}

function typed({ options, fieldConfig, ...panel }: PanelJson) {
  const { custom, ...defaults } = { custom: undefined, ...fieldConfig?.defaults };
  return [
    { type: "Omit<Panel, 'options' | 'fieldConfig'>", value: panel },
    { type: `${panel.type}.Options`, value: options },
    { type: 'Defaults', value: defaults },
    ...(withFieldOptions.has(panel.type)
      ? [{ type: `${panel.type}.FieldConfig`, value: custom }]
      : []),
  ];
}

test.each([...dashboardJson()])('%s is what Grafana 13.1.0 calls a dashboard', (_file, page) => {
  const { panels, annotations, ...rest } = page;
  const common = ['name', 'enable', 'hide', 'iconColor', 'datasource', 'filter', 'builtIn'];
  const drawn = annotations.list?.map((annotation) =>
    Object.fromEntries(Object.entries(annotation).filter(([key]) => common.includes(key))),
  );
  expect(
    faults([
      { type: "Omit<Dashboard, 'panels'>", value: { ...rest, annotations: { list: drawn } } },
      ...panels.filter(({ type }) => type !== 'row').flatMap(typed),
    ]),
  ).toBe('');
});

test('a wrong option would be found', () => {
  expect(faults([{ type: 'stat.Options', value: { graphMode: 'pie' } }])).toMatch(/pie/);
});
