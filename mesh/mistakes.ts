import { closest, distance } from 'fastest-levenshtein';

/** One thing wrong in a mesh file. */
export interface Mistake {
  readonly file: string;
  /** From 1; null where the mistake is the file itself, or the mesh did not come from a text. */
  readonly line: number | null;
  readonly column: number | null;
  /** Such as `services.auth.script[1].call.timeout`; empty for the whole. */
  readonly path: string;
  /** What is wrong and what would be valid. */
  readonly message: string;
}

/** More than a screenful helps nobody; `mistakes` has them all. */
const maxLines = 50;

/** A mesh that cannot be used; `message` lists all mistakes and can be printed as it is. */
export class MeshError extends Error {
  override readonly name = 'MeshError';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes.slice(0, maxLines).map(formatMistake);
    if (mistakes.length > maxLines) lines.push(`… and ${mistakes.length - maxLines} more`);
    super(lines.join('\n'));
    this.mistakes = mistakes;
  }
}

/** `mesh/chain.yaml:12:7 services.auth.port: must be …`, as editors and terminals link it. */
export function formatMistake({ file, line, column, path, message }: Mistake): string {
  const place = line === null ? file : `${file}:${line}:${column}`;
  return `${place}: ${path === '' ? '' : `${path}: `}${message}`;
}

export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

/** ` (did you mean "timeout"? Valid: to, timeout, retries)`, or the valid ones alone. */
export function suggestion(given: string, valid: readonly string[]): string {
  const list = `valid: ${valid.join(', ')}`;
  if (valid.length === 0) return '';
  const nearest = closest(given, valid);
  const isNear = distance(given, nearest) <= Math.max(2, Math.floor(given.length / 3));
  return isNear ? `; did you mean ${JSON.stringify(nearest)}? (${list})` : `; ${list}`;
}

/** A value as a message shows it: short, whatever it is. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value);
    if (keys.length === 0) return 'an empty map';
    return `a map with ${keys.slice(0, 4).join(', ')}${keys.length > 4 ? ', …' : ''}`;
  }
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
