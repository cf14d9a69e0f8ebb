import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import * as z from 'zod';
import type { Mesh } from './mesh.ts';
import { type Complaint, readMeshText } from './meshText.ts';
import { formatPath, MeshError } from './mistakes.ts';
import { type MeshDraft, meshSchema, modulePattern } from './schema.ts';
import { wholeMeshComplaints } from './wholeMesh.ts';

/** A mesh file is a page or two; a hundred services take some 30 KB. */
export const maxMeshBytes = 1024 * 1024;

/**
 * Reads a mesh file: `.json` is a resolved mesh, anything else is YAML.
 * @throws {MeshError} with all mistakes, if it cannot be read or used.
 */
export function readMesh(path: string): Mesh {
  let bytes: Buffer;
  try {
    bytes = readStart(path, maxMeshBytes + 1);
  } catch (error) {
    throw fileError(path, `cannot be read: ${(error as Error).message}`);
  }
  if (bytes.length > maxMeshBytes) {
    const size = Math.max(bytes.length, statSync(path).size);
    throw fileError(path, `has ${size} bytes; a mesh file may have ${maxMeshBytes}`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fileError(path, 'is not UTF-8 text');
  }
  return parseMesh(text, path);
}

/** The first bytes of a file, at most `maxBytes`: a device has no end. */
function readStart(path: string, maxBytes: number): Buffer {
  const buffer = Buffer.alloc(maxBytes);
  const file = openSync(path, 'r');
  try {
    let length = 0;
    for (;;) {
      const count = readSync(file, buffer, length, maxBytes - length, null);
      length += count;
      if (count === 0 || length === maxBytes) return buffer.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Reads a mesh from `text`. `file` names it in messages, gives the mesh its name if it has none,
 * and is what relative paths in it start from; one that ends in `.json` is a resolved mesh.
 * @throws {MeshError} with all mistakes.
 */
export function parseMesh(text: string, file: string): Mesh {
  const { value, complaints, positionOf } = readMeshText(text);
  const { draft, complaints: more } =
    value === undefined ? { complaints: [] } : checked(value, extname(file) === '.json');
  const all = [...complaints, ...more];
  if (draft === undefined || all.length > 0) {
    const mistakes = all.map(({ path, message, isKey, position = positionOf(path, isKey) }) => ({
      file,
      ...position,
      path: formatPath(path),
      message,
    }));
    throw new MeshError(
      distinct(mistakes).toSorted((a, b) => a.line - b.line || a.column - b.column),
    );
  }
  return filled(draft, file);
}

/**
 * Checks a mesh that was put together in memory, such as one with options of the command line.
 * @param source names it in messages.
 * @throws {MeshError} with all mistakes, without lines.
 */
export function checkMesh(mesh: Mesh, source: string): Mesh {
  const { draft, complaints } = checked(mesh, true);
  if (draft === undefined || complaints.length > 0) {
    throw new MeshError(
      complaints.map(({ path, message }) => ({
        file: source,
        line: null,
        column: null,
        path: formatPath(path),
        message,
      })),
    );
  }
  return filled(draft, source);
}

/** One broken place can make the YAML parser say the same twice. */
function distinct<T>(mistakes: readonly T[]): T[] {
  return [...new Map(mistakes.map((mistake) => [JSON.stringify(mistake), mistake])).values()];
}

function fileError(file: string, message: string): MeshError {
  return new MeshError([{ file, line: null, column: null, path: '', message }]);
}

function checked(
  value: unknown,
  isResolved: boolean,
): { draft?: MeshDraft; complaints: Complaint[] } {
  // Encoding checks the resolved form and turns it into the written one.
  const encoded = isResolved
    ? z.safeEncode(meshSchema, value as MeshDraft, { reportInput: true })
    : { success: true as const, data: value };
  const result = encoded.success
    ? z.safeDecode(meshSchema, encoded.data as z.input<typeof meshSchema>, { reportInput: true })
    : encoded;
  const complaints = result.success ? [] : result.error.issues.flatMap((issue) => explain(issue));
  complaints.push(...wholeMeshComplaints(value));
  return result.success ? { draft: result.data, complaints } : { complaints };
}

/** What `issue` comes down to: of a union, the alternative that was probably meant. */
function explain(issue: z.core.$ZodIssue, base: readonly PropertyKey[] = []): Complaint[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys.map((key, i) => ({
      path: [...path, key],
      message: messages[i] ?? '',
      isKey: true,
    }));
  }
  if (issue.code === 'invalid_union') {
    const meant = meantAlternative(issue.errors);
    if (meant !== undefined) return meant.flatMap((inner) => explain(inner, path));
  }
  return [{ path, message: issue.message }];
}

/** The alternative with the fewest faults in its outline, unless several have as few. */
function meantAlternative(alternatives: readonly z.core.$ZodIssue[][]) {
  const ranked = alternatives
    .map((issues) => ({
      issues,
      faults: issues.reduce((sum, issue) => sum + outlineFaults(issue), 0),
    }))
    .toSorted((a, b) => a.faults - b.faults);
  const [first, second] = ranked;
  const isAnotherType = first === undefined || first.faults >= anotherType;
  return isAnotherType || first.faults === second?.faults ? undefined : first.issues;
}

const anotherType = 100;

/** How much speaks against an alternative: it is another type, keys are missing, keys are unknown. */
function outlineFaults(issue: z.core.$ZodIssue): number {
  if (issue.code === 'unrecognized_keys') return issue.path.length === 0 ? issue.keys.length : 0;
  if (issue.code === 'invalid_union') return 0;
  // A custom issue is about the value: the type was right.
  if (issue.path.length === 0) return issue.code === 'custom' ? 0 : anotherType;
  return issue.path.length === 1 && issue.input === undefined ? 2 : 0;
}

/** Adds the defaults that depend on other keys, or on the file. */
function filled(draft: MeshDraft, file: string): Mesh {
  const names = Object.keys(draft.services);
  return {
    ...draft,
    name: draft.name ?? basename(file, extname(file)),
    entry: draft.entry ?? names[0] ?? '',
    services: Object.fromEntries(
      Object.entries(draft.services).map(([name, { program, ...service }]) => [
        name,
        { program: program ?? programNamed(name), ...service },
      ]),
    ),
    pauses: draft.pauses.map((pause) => ({ ...pause, kind: resolvedKind(pause.kind, file) })),
  };
}

function programNamed(name: string) {
  return name === 'gateway' || name === 'auth' || name === 'user' ? name : 'relay';
}

/** A path of a module, from the mesh file's folder, is made absolute: the mesh travels. */
function resolvedKind(kind: string, file: string): string {
  return modulePattern.test(kind) ? resolve(dirname(file), kind) : kind;
}
