import {
  type Document,
  type ErrorCode,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { suggestion } from './mistakes.ts';

/** A place in the text, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Complaint {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The key itself is wrong, not its value. */
  readonly isKey?: boolean;
  /** Where it is; otherwise to be found by the path. */
  readonly position?: Position;
}

/** What a text says, and where it says it. */
export interface MeshText {
  /** Plain data; undefined if the text cannot be understood at all. */
  readonly value: unknown;
  readonly complaints: readonly Complaint[];
  /** Where `path` stands in the text; where it does not, its nearest ancestor. */
  positionOf(path: readonly PropertyKey[], isKey?: boolean): Position;
}

/** Anchors may be used this often in all, counted as the `yaml` package does, before it is a bomb. */
const maxAliasCount = 100;

/** In place of messages that speak of the parser's options. */
const plainMessages: Partial<Record<ErrorCode, string>> = {
  NON_STRING_KEY: 'Keys must be plain text',
  MULTIPLE_DOCS: 'A mesh file is one document; --- begins another',
};

/** Reads YAML 1.2 (and so JSON), without tags other than the standard ones; never throws. */
export function readMeshText(text: string): MeshText {
  const lineCounter = new LineCounter();
  function position(offset: number): Position {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  }
  // Keys are compared below, where the path is known.
  const doc = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    uniqueKeys: false,
    stringKeys: true,
    resolveKnownTags: false,
  });
  // A tag that nobody knows is a warning to the parser, which then ignores it.
  const errors = [...doc.errors, ...doc.warnings];
  const complaints: Complaint[] = errors.map(({ code, message, pos }) => ({
    path: [],
    message: `not valid YAML: ${plainMessages[code] ?? message}`,
    position: position(pos[0]),
  }));
  const pairs = pairFinder();
  function positionOf(path: readonly PropertyKey[], isKey = false): Position {
    return position(offsetOf(doc, path, isKey, pairs));
  }
  complaints.push(...danglingAliases(doc, position));
  if (complaints.length > 0) return { value: undefined, complaints, positionOf };
  try {
    complaints.push(...duplicateKeys(doc, position));
    return { value: doc.toJS({ maxAliasCount }), complaints, positionOf };
  } catch (error) {
    // Aliases of aliases that would fill the memory, absurd depth.
    return broken(`not usable YAML: ${(error as Error).message}`);
  }
}

function broken(message: string): MeshText {
  const start = { line: 1, column: 1 };
  return {
    value: undefined,
    complaints: [{ path: [], message, position: start }],
    positionOf: () => start,
  };
}

function danglingAliases(doc: Document, position: (offset: number) => Position): Complaint[] {
  const complaints: Complaint[] = [];
  const anchors = new Set<string>();
  visit(doc, (_, node) => {
    if (isAlias(node) && !anchors.has(node.source)) {
      complaints.push({
        path: [],
        message: `not valid YAML: there is no anchor &${node.source} before the alias *${node.source}${suggestion(node.source, [...anchors])}`,
        position: position(startOf(node) ?? 0),
      });
    }
    if (isNode(node) && !isAlias(node) && node.anchor !== undefined) anchors.add(node.anchor);
  });
  return complaints;
}

function duplicateKeys(doc: Document, position: (offset: number) => Position): Complaint[] {
  const complaints: Complaint[] = [];
  visit(doc, {
    Map(_, map, ancestors) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) {
          complaints.push({
            path: [...pathOf([...ancestors, map] as Node[]), String(name)],
            message: 'is given twice; keep one',
            position: position(startOf(key) ?? 0),
          });
        }
        seen.add(name);
      }
    },
  });
  return complaints;
}

/** The path to the last of `ancestors`, a line of nodes and pairs from the document downwards. */
function pathOf(ancestors: readonly (Node | Pair)[]): PropertyKey[] {
  return ancestors.flatMap((node, i): PropertyKey[] => {
    const next = ancestors[i + 1];
    if (isCollection(node) && !isMap(node)) return [node.items.indexOf(next)];
    if (isMap(node) && next !== undefined) {
      const { key } = next as Pair;
      return [String(isScalar(key) ? key.value : key)];
    }
    return [];
  });
}

type FindPair = (map: YAMLMap, key: PropertyKey) => Pair | undefined;

/** Reads each map once: a file may have as many mistakes as keys. */
function pairFinder(): FindPair {
  const byMap = new WeakMap<YAMLMap, Map<unknown, Pair>>();
  return (map, key) => {
    let byKey = byMap.get(map);
    if (byKey === undefined) {
      byKey = new Map();
      // Of a key that is given twice, the first.
      for (const pair of map.items.toReversed()) {
        if (isScalar(pair.key)) byKey.set(pair.key.value, pair);
      }
      byMap.set(map, byKey);
    }
    return byKey.get(key);
  };
}

function offsetOf(
  doc: Document,
  path: readonly PropertyKey[],
  isKey: boolean,
  findPair: FindPair,
): number {
  let node: unknown = doc.contents;
  let offset = startOf(node) ?? 0;
  for (const [i, key] of path.entries()) {
    if (isAlias(node)) node = node.resolve(doc);
    if (isMap(node)) {
      const pair = findPair(node, key);
      if (pair === undefined) return offset;
      // A wrong scalar is shown itself; of a map or a list, and of nothing, the key.
      const isShown =
        !isKey && i === path.length - 1 && isScalar(pair.value) && pair.value.source !== '';
      offset = startOf(isShown ? pair.value : pair.key) ?? offset;
      node = pair.value;
    } else if (isCollection(node) && typeof key === 'number') {
      node = node.items[key];
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
