import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { importFaults, type Packages } from './importRules.ts';

const root = new URL('../../', import.meta.url);

const packages: Packages = {
  devDependencies: { express: '5', '@scope/used': '1', vitest: '5' },
  peerDependencies: { vitest: '5' },
  exports: { './traces': { 'aftershock-source': './traces/index.ts' }, './data': './data.json' },
};

test.each([
  {
    when: 'a room imports what it may',
    files: { 'lab/a.ts': "import '../mesh/b.ts';" },
    faults: [],
  },
  {
    when: 'a room imports one to its right',
    files: { 'mesh/a.ts': "import { b } from '../lab/b.ts';" },
    faults: ['mesh/a.ts imports lab/b.ts, but mesh/ may import nothing of the other rooms'],
  },
  {
    when: 'services and collector know each other',
    files: {
      'services/a.ts': "import type { B } from '../collector/b.ts';",
      'collector/kit/b.ts': "export * from '../../services/kit/c.ts';",
    },
    faults: [
      'services/a.ts imports collector/b.ts, but services/ may import only mesh, pauses',
      'collector/kit/b.ts imports services/kit/c.ts, but collector/ may import only traces',
    ],
  },
  {
    when: 'the import is dynamic',
    files: { 'traces/a.ts': "const b = await import('../pauses/b.ts');" },
    faults: ['traces/a.ts imports pauses/b.ts, but traces/ may import nothing of the other rooms'],
  },
  {
    when: 'the import is in a type',
    files: { 'traces/a.ts': "type B = import('../pauses/b.ts').B;" },
    faults: ['traces/a.ts imports pauses/b.ts, but traces/ may import nothing of the other rooms'],
  },
  {
    when: 'the import stands in a string or a comment',
    files: { 'mesh/a.ts': "const a = \"import '../lab/b.ts'\"; // import '../lab/b.ts';" },
    faults: [],
  },
  {
    when: 'tests and benchmarks import anything',
    files: { 'test/a.test.ts': "import '../lab/b.ts'; import 'vitest';", 'bench/a.ts': '' },
    faults: [],
  },
  {
    when: 'two files import each other',
    files: { 'lab/a.ts': "import './b.ts';", 'lab/b.ts': "export { a } from './a.ts';" },
    faults: ['imports go in a circle: lab/a.ts → lab/b.ts → lab/a.ts'],
  },
  {
    when: 'a circle is reached by a tail',
    files: {
      'lab/tail.ts': "import './a.ts';",
      'lab/a.ts': "import './b.ts';",
      'lab/b.ts': "import './c.ts';",
      'lab/c.ts': "import type { A } from './a.ts';",
    },
    faults: ['imports go in a circle: lab/a.ts → lab/b.ts → lab/c.ts → lab/a.ts'],
  },
  {
    when: 'a package is not in package.json',
    files: { 'lab/a.ts': "import { x } from '@scope/other/deep';" },
    faults: ['lab/a.ts imports @scope/other, but package.json does not name it'],
  },
  {
    when: 'a package is there, or Node brings it',
    files: { 'lab/a.ts': "import 'express'; import '@scope/used/deep'; import 'node:fs';" },
    faults: [],
  },
  {
    when: 'the package needs what those who install it do not have',
    files: {
      'traces/index.ts': "export type { B } from './b.ts';",
      'traces/b.ts': "import type { Express } from 'express'; import 'vitest';",
    },
    faults: ['traces/b.ts is part of the package and imports express, which is not its peer'],
  },
  {
    when: 'a file of the same room is no part of the package',
    files: { 'traces/index.ts': '', 'traces/b.ts': "import 'express';" },
    faults: [],
  },
])('importFaults() finds $faults.length when $when', ({ files, faults }) => {
  expect(importFaults(new Map(Object.entries(files)), packages)).toEqual(faults);
});

test('the imports of this repository go in one direction', () => {
  const paths = globSync('**/*.{ts,js}', {
    cwd: root,
    exclude: ['**/node_modules', 'runs', 'dist'],
  });
  expect(paths.length).toBeGreaterThan(20);
  const files = new Map(
    paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(new URL(path, root), 'utf8')]),
  );
  const packageJson = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  expect(importFaults(files, packageJson)).toEqual([]);
});

test('whoever installs the package gets none of the packages that the mesh runs on', () => {
  const packageJson = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  expect(packageJson.dependencies ?? {}).toEqual({});
});
