import type { Origin, SpanColumns } from './incoming.ts';

/** Memory that a segment takes while it is filled; when sealed, as much as it needs. */
export const OPEN_SEGMENT_BYTES = 1_500_000;
const SLAB_BYTES = 1024 * 1024;
const ROWS = 4096;
const HASHES = ROWS * 12;
/** What a string or an origin costs in a dictionary beyond its own bytes; an estimate. */
const ENTRY_BYTES = 96;

/**
 * A stretch of the store: spans as protobuf, one after the other, and the columns of their index.
 * All that belongs to a span lives and dies with its segment, so that forgetting is one step.
 * A row is a span; its number is its place in the whole history, from 0.
 */
export interface Segment {
  /** Number of row 0. */
  readonly firstNumber: number;
  readonly rows: number;
  /** Row r is the `Span` message `slab[ends[r−1], ends[r])`. */
  readonly slab: Buffer;
  readonly ends: Uint32Array;
  /** How far back the first span of its trace lies, in numbers; 0: it is the first. */
  readonly toFirst: Uint32Array;
  /** How far back the trace's span before it lies; 0: none. */
  readonly toPrevious: Uint32Array;
  /** Index in `origins`. */
  readonly origin: Uint16Array;
  /** Index in `names`. */
  readonly name: Uint16Array;
  readonly kind: Uint8Array;
  readonly isError: Uint8Array;
  /** Start in nanoseconds since 1970: two halves. */
  readonly startLow: Uint32Array;
  readonly startHigh: Uint32Array;
  readonly durationNano: Float64Array;
  /** Row r has the attribute hashes `hashes[hashEnds[r−1], hashEnds[r])`. */
  readonly hashes: Uint32Array;
  readonly hashEnds: Uint32Array;
  readonly origins: readonly Origin[];
  readonly names: readonly string[];
}

/** The `Span` message of a row; not a copy. */
export function spanOf(segment: Segment, row: number): Buffer {
  return segment.slab.subarray(row === 0 ? 0 : segment.ends[row - 1], segment.ends[row]);
}

export function hasHash(segment: Segment, row: number, hash: number): boolean {
  const { hashes, hashEnds } = segment;
  const end = hashEnds[row] as number;
  for (let i = row === 0 ? 0 : (hashEnds[row - 1] as number); i < end; i++) {
    if (hashes[i] === hash) return true;
  }
  return false;
}

/** True if any row has the hash. */
export function anyHash({ hashes, hashEnds, rows }: Segment, hash: number): boolean {
  const at = hashes.indexOf(hash);
  return at >= 0 && at < (hashEnds[rows - 1] ?? 0);
}

/** The segment that still grows. Its memory is used again and again: garbage collections are dear. */
export class OpenSegment implements Segment {
  firstNumber = 0;
  rows = 0;
  slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  readonly ends = new Uint32Array(ROWS);
  readonly toFirst = new Uint32Array(ROWS);
  readonly toPrevious = new Uint32Array(ROWS);
  readonly origin = new Uint16Array(ROWS);
  readonly name = new Uint16Array(ROWS);
  readonly kind = new Uint8Array(ROWS);
  readonly isError = new Uint8Array(ROWS);
  readonly startLow = new Uint32Array(ROWS);
  readonly startHigh = new Uint32Array(ROWS);
  readonly durationNano = new Float64Array(ROWS);
  readonly hashEnds = new Uint32Array(ROWS);
  hashes = new Uint32Array(HASHES);
  origins: Origin[] = [];
  names: string[] = [];

  readonly #originIds = new Map<string, number>();
  readonly #nameIds = new Map<string, number>();
  #lastOrigin: Origin | null = null;
  #lastOriginId = 0;
  #bytes = 0;
  #hashCount = 0;
  /** Of the dictionaries. */
  #entryBytes = 0;

  hasRoom(bytes: number, hashes: number): boolean {
    return (
      this.rows < ROWS &&
      this.#bytes + bytes <= this.slab.length &&
      this.#hashCount + hashes <= this.hashes.length
    );
  }

  /** Makes room, in a segment that is empty, for a span of any size. */
  grow(bytes: number, hashes: number): void {
    if (bytes > this.slab.length) this.slab = Buffer.allocUnsafeSlow(bytes);
    if (hashes > this.hashes.length) this.hashes = new Uint32Array(hashes);
  }

  /**
   * Adds span `i`, which there is room for, and gives its number.
   * @param first number of its trace's first span, if there is one; `previous`: of the last.
   */
  add(
    source: Buffer,
    spans: SpanColumns,
    i: number,
    origin: Origin,
    first: number | null,
    previous: number | null,
  ): number {
    const row = this.rows++;
    const number = this.firstNumber + row;
    this.#bytes += source.copy(this.slab, this.#bytes, spans.start[i], spans.end[i]);
    this.ends[row] = this.#bytes;
    this.toFirst[row] = first === null ? 0 : number - first;
    this.toPrevious[row] = previous === null ? 0 : number - previous;
    this.origin[row] = this.#originId(origin);
    this.name[row] = this.#nameId(spans.name[i] as string);
    const kind = spans.kind[i] as number;
    this.kind[row] = kind > 255 ? 0 : kind;
    this.isError[row] = spans.isError[i] ? 1 : 0;
    this.startLow[row] = spans.startLow[i] as number;
    this.startHigh[row] = spans.startHigh[i] as number;
    this.durationNano[row] = spans.durationNano[i] as number;
    const { hashes } = spans;
    const hashEnd = spans.hashEnd[i] as number;
    for (let at = spans.hashStart[i] as number; at < hashEnd; at++) {
      this.hashes[this.#hashCount++] = hashes[at] as number;
    }
    this.hashEnds[row] = this.#hashCount;
    return number;
  }

  /** What it holds as a segment of its own, and the memory that takes; it is empty afterwards. */
  seal(): { segment: Segment; bytes: number } {
    const { rows, firstNumber, origins, names } = this;
    const slab = Buffer.allocUnsafeSlow(this.#bytes);
    this.slab.copy(slab, 0, 0, this.#bytes);
    const segment: Segment = {
      firstNumber,
      rows,
      slab,
      ends: this.ends.slice(0, rows),
      toFirst: this.toFirst.slice(0, rows),
      toPrevious: this.toPrevious.slice(0, rows),
      origin: this.origin.slice(0, rows),
      name: this.name.slice(0, rows),
      kind: this.kind.slice(0, rows),
      isError: this.isError.slice(0, rows),
      startLow: this.startLow.slice(0, rows),
      startHigh: this.startHigh.slice(0, rows),
      durationNano: this.durationNano.slice(0, rows),
      hashes: this.hashes.slice(0, this.#hashCount),
      hashEnds: this.hashEnds.slice(0, rows),
      origins,
      names,
    };
    const columnBytes = rows * (6 * 4 + 2 * 2 + 2 * 1 + 8);
    const bytes = slab.length + columnBytes + 4 * this.#hashCount + this.#entryBytes;
    this.#clear();
    return { segment, bytes };
  }

  #clear(): void {
    this.firstNumber += this.rows;
    this.rows = 0;
    this.#bytes = 0;
    this.#hashCount = 0;
    this.#entryBytes = 0;
    this.origins = [];
    this.names = [];
    this.#originIds.clear();
    this.#nameIds.clear();
    this.#lastOrigin = null;
    if (this.slab.length > SLAB_BYTES) this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    if (this.hashes.length > HASHES) this.hashes = new Uint32Array(HASHES);
  }

  #originId(origin: Origin): number {
    // The spans of a request come with the same object.
    if (origin === this.#lastOrigin) return this.#lastOriginId;
    const resource = Buffer.from(origin.resource);
    const scope = Buffer.from(origin.scope);
    const key = `${resource.length}:${resource.toString('latin1')}${scope.toString('latin1')}`;
    let id = this.#originIds.get(key);
    if (id === undefined) {
      id = this.origins.push({ ...origin, resource, scope }) - 1;
      this.#originIds.set(key, id);
      this.#entryBytes += key.length + 8 * origin.attributeHashes.length + 3 * ENTRY_BYTES;
    }
    this.#lastOrigin = origin;
    this.#lastOriginId = id;
    return id;
  }

  #nameId(name: string): number {
    let id = this.#nameIds.get(name);
    if (id === undefined) {
      id = this.names.push(name) - 1;
      this.#nameIds.set(name, id);
      this.#entryBytes += name.length + ENTRY_BYTES;
    }
    return id;
  }
}
