import { posix } from 'node:path';
import { parseAst } from 'vitest/node';

/** Room → the rooms that it may import from, besides itself. Other folders may import from all. */
const allowedRooms: Readonly<Record<string, readonly string[]>> = {
  mesh: [],
  pauses: [],
  traces: [],
  services: ['mesh', 'pauses'],
  collector: ['traces'],
  lab: ['mesh', 'pauses', 'traces', 'services', 'collector'],
  dashboards: [],
};

/** Folders that only write files which are committed: run by developers alone. */
const generators = ['dashboards/grafana/'];

export interface Packages {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Import {
  readonly specifier: string;
  /** Gone when the types are stripped. */
  readonly isType: boolean;
}

/**
 * What is wrong with the imports of a repository, a sentence each.
 * @param files path from the root, with `/`, → source text.
 */
export function importFaults(files: ReadonlyMap<string, string>, packages: Packages): string[] {
  const graph = new Map<string, string[]>();
  const faults: string[] = [];
  for (const [file, source] of files) {
    const imports = importsOf(source, file);
    const targets = imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => posix.join(posix.dirname(file), specifier));
    graph.set(file, targets);
    faults.push(
      ...targets.flatMap((target) => directionFault(file, target)),
      ...imports.flatMap((one) => packageFault(file, one, packages)),
    );
  }
  return [...faults, ...cycles(graph)];
}

/** Static and dynamic imports, re-exports and `import('…')` types; only what is written as text. */
function importsOf(source: string, file: string): Import[] {
  const imports: Import[] = [];
  function visit(node: unknown): void {
    if (typeof node !== 'object' || node === null) return;
    const { type, source, importKind, exportKind } = node as Record<string, unknown>;
    const specifier = (source as { value?: unknown } | null | undefined)?.value;
    if (/^(Import|Export|TSImport)/.test(String(type)) && typeof specifier === 'string') {
      const isType = type === 'TSImportType' || importKind === 'type' || exportKind === 'type';
      imports.push({ specifier, isType });
    }
    Object.values(node).forEach(visit);
  }
  visit(parseAst(source, { lang: file.endsWith('.ts') ? 'ts' : 'js' }));
  return imports;
}

function directionFault(file: string, target: string): string[] {
  const from = file.split('/')[0] ?? '';
  const to = target.split('/')[0] ?? '';
  const allowed = allowedRooms[from];
  if (allowed === undefined || from === to || allowed.includes(to)) return [];
  const valid = allowed.length > 0 ? `only ${allowed.join(', ')}` : 'nothing of the other rooms';
  return [`${file} imports ${target}, but ${from}/ may import ${valid}`];
}

function packageFault(file: string, { specifier, isType }: Import, packages: Packages): string[] {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return [];
  const [scope, name] = specifier.split('/');
  // By its own name, as others import it.
  if (scope === 'aftershock') return [];
  const packageName = specifier.startsWith('@') ? `${scope}/${name}` : String(scope);
  if (packageName in packages.dependencies) return [];
  if (!(packageName in packages.devDependencies)) {
    return [`${file} imports ${specifier}, but package.json does not name ${packageName}`];
  }
  // What runs must not need what only developers have.
  const runs =
    (file.split('/')[0] ?? '') in allowedRooms &&
    !generators.some((folder) => file.startsWith(folder));
  return runs && !isType
    ? [`${file} imports ${specifier}, which package.json has for development only`]
    : [];
}

/** Each import that closes a circle, type imports included. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const faults: string[] = [];
  const finished = new Set<string>();
  function walk(file: string, trail: readonly string[]): void {
    const here = [...trail, file];
    for (const target of graph.get(file) ?? []) {
      const start = here.indexOf(target);
      if (start >= 0) {
        faults.push(`imports go in a circle: ${[...here.slice(start), target].join(' → ')}`);
      } else if (!finished.has(target)) walk(target, here);
    }
    finished.add(file);
  }
  for (const file of graph.keys()) if (!finished.has(file)) walk(file, []);
  return faults;
}
