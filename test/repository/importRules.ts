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

export interface Packages {
  readonly devDependencies: Readonly<Record<string, string>>;
  /** What those who install the package bring themselves. */
  readonly peerDependencies: Readonly<Record<string, string>>;
  /** Name in the package → condition → file. */
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

/**
 * What is wrong with the imports of a repository, a sentence each.
 * @param files path from the root, with `/`, → source text.
 */
export function importFaults(files: ReadonlyMap<string, string>, packages: Packages): string[] {
  const graph = new Map<string, string[]>();
  const packageImports = new Map<string, string[]>();
  const faults: string[] = [];
  for (const [file, source] of files) {
    const specifiers = specifiersOf(source, file);
    const targets = specifiers
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => posix.join(posix.dirname(file), specifier));
    const names = specifiers.map(packageOf).filter((name) => name !== null);
    graph.set(file, targets);
    packageImports.set(file, names);
    faults.push(
      ...targets.flatMap((target) => directionFault(file, target)),
      ...names
        .filter((name) => !(name in packages.devDependencies))
        .map((name) => `${file} imports ${name}, but package.json does not name it`),
    );
  }
  for (const file of reachable(graph, sourcesOf(packages))) {
    for (const name of packageImports.get(file) ?? []) {
      if (name in packages.peerDependencies) continue;
      faults.push(`${file} is part of the package and imports ${name}, which is not its peer`);
    }
  }
  return [...faults, ...cycles(graph)];
}

/** Static and dynamic imports, re-exports and `import('…')` types; only what is written as text. */
function specifiersOf(source: string, file: string): string[] {
  const specifiers: string[] = [];
  function visit(node: unknown): void {
    if (typeof node !== 'object' || node === null) return;
    const { type, source } = node as Record<string, unknown>;
    const specifier = (source as { value?: unknown } | null | undefined)?.value;
    if (/^(Import|Export|TSImport)/.test(String(type)) && typeof specifier === 'string') {
      specifiers.push(specifier);
    }
    Object.values(node).forEach(visit);
  }
  visit(parseAst(source, { lang: file.endsWith('.ts') ? 'ts' : 'js' }));
  return specifiers;
}

/** Null for files, Node's own modules, and this repository by its own name, as others import it. */
function packageOf(specifier: string): string | null {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return null;
  const [scope, name] = specifier.split('/');
  if (scope === 'aftershock') return null;
  return specifier.startsWith('@') ? `${scope}/${name}` : String(scope);
}

/** The modules that the package offers. */
function sourcesOf({ exports }: Packages): string[] {
  return Object.values(exports).flatMap((target) => {
    const source = typeof target === 'string' ? undefined : target['aftershock-source'];
    return source === undefined ? [] : [posix.normalize(source)];
  });
}

/** What is imported from `from`, directly or not, and these files themselves. */
function reachable(
  graph: ReadonlyMap<string, readonly string[]>,
  from: readonly string[],
): ReadonlySet<string> {
  const reached = new Set(from);
  // A set is walked in the order of adding, with what is added meanwhile.
  for (const file of reached) for (const target of graph.get(file) ?? []) reached.add(target);
  return reached;
}

function directionFault(file: string, target: string): string[] {
  const from = file.split('/')[0] ?? '';
  const to = target.split('/')[0] ?? '';
  const allowed = allowedRooms[from];
  if (allowed === undefined || from === to || allowed.includes(to)) return [];
  const valid = allowed.length > 0 ? `only ${allowed.join(', ')}` : 'nothing of the other rooms';
  return [`${file} imports ${target}, but ${from}/ may import ${valid}`];
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
