import type { IncomingSpan, Origin } from './incoming.ts';

export const SEGMENT_BYTES = 1024 * 1024;
const SEGMENT_ROWS = 4096;
const SEGMENT_HASHES = SEGMENT_ROWS * 12;
/** What a string or an origin costs in a dictionary beyond its own bytes; an estimate. */
const ENTRY_BYTES = 96;

/**
 * A stretch of the store: spans as protobuf, one after the other, and the columns of their index.
 * All that belongs to a span lives and dies with its segment, so that forgetting is one step.
 * A row is a span; `number` is its place in the whole history, from 0.
 */
export class Segment {
  readonly firstNumber: number;
  rows = 0;
  /** Bytes held, index included. */
  bytes = 0;

  #slab: Buffer;
  #used = 0;
  /** Row r is `slab[ends[r−1], ends[r])`. */
  readonly #ends = new Uint32Array(SEGMENT_ROWS);
  /** How far back the first span of its trace lies, in numbers; 0: it is the first. */
  readonly toFirst = new Uint32Array(SEGMENT_ROWS);
  /** How far back the trace's span before it lies; 0: none. */
  readonly toPrevious = new Uint32Array(SEGMENT_ROWS);
  readonly origin = new Uint16Array(SEGMENT_ROWS);
  readonly name = new Uint16Array(SEGMENT_ROWS);
  readonly kind = new Uint8Array(SEGMENT_ROWS);
  readonly isError = new Uint8Array(SEGMENT_ROWS);
  readonly startLow = new Uint32Array(SEGMENT_ROWS);
  readonly startHigh = new Uint32Array(SEGMENT_ROWS);
  readonly durationNano = new Float64Array(SEGMENT_ROWS);
  /** Row r has the attribute hashes `[hashEnds[r−1], hashEnds[r])`. */
  readonly #hashEnds = new Uint32Array(SEGMENT_ROWS);
  #hashes = new Uint32Array(SEGMENT_HASHES);
  #hashesUsed = 0;

  readonly origins: Origin[] = [];
  readonly names: string[] = [];
  readonly #originIds = new Map<string, number>();
  readonly #nameIds = new Map<string, number>();
  #lastOrigin: Origin | null = null;
  #lastOriginId = 0;

  /** @param room bytes of the first span, which may be larger than a usual segment. */
  constructor(firstNumber: number, room: number, hashes: number) {
    this.firstNumber = firstNumber;
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SEGMENT_BYTES, room));
    if (hashes > SEGMENT_HASHES) this.#hashes = new Uint32Array(hashes);
    this.bytes =
      this.#slab.length + this.#hashes.byteLength + SEGMENT_ROWS * (4 * 6 + 2 * 2 + 2 + 8);
  }

  hasRoom(bytes: number, hashes: number): boolean {
    return (
      this.rows < SEGMENT_ROWS &&
      this.#used + bytes <= this.#slab.length &&
      this.#hashesUsed + hashes <= this.#hashes.length
    );
  }

  /** Adds a span that there is room for, and gives its number. */
  add(
    source: Buffer,
    span: IncomingSpan,
    hashes: readonly number[],
    first: number | null,
    previous: number | null,
  ): number {
    const row = this.rows++;
    const number = this.firstNumber + row;
    source.copy(this.#slab, this.#used, span.start, span.end);
    this.#used += span.end - span.start;
    this.#ends[row] = this.#used;
    this.toFirst[row] = first === null ? 0 : number - first;
    this.toPrevious[row] = previous === null ? 0 : number - previous;
    this.origin[row] = this.#originId(span.origin);
    this.name[row] = this.#nameId(span.name);
    this.kind[row] = span.kind > 255 ? 0 : span.kind;
    this.isError[row] = span.isError ? 1 : 0;
    this.startLow[row] = span.startLow;
    this.startHigh[row] = span.startHigh;
    this.durationNano[row] = span.durationNano;
    for (let i = span.hashStart; i < span.hashEnd; i++) {
      this.#hashes[this.#hashesUsed++] = hashes[i] as number;
    }
    this.#hashEnds[row] = this.#hashesUsed;
    return number;
  }

  /** No more spans will come: gives back the room that is left. */
  seal(): void {
    this.bytes -= this.#slab.length - this.#used;
    this.bytes -= (this.#hashes.length - this.#hashesUsed) * 4;
    const slab = Buffer.allocUnsafeSlow(this.#used);
    this.#slab.copy(slab, 0, 0, this.#used);
    this.#slab = slab;
    this.#hashes = this.#hashes.slice(0, this.#hashesUsed);
    this.#originIds.clear();
    this.#nameIds.clear();
  }

  /** The `Span` message of a row; not a copy. */
  span(row: number): Buffer {
    return this.#slab.subarray(row === 0 ? 0 : this.#ends[row - 1], this.#ends[row]);
  }

  hasHash(row: number, hash: number): boolean {
    const end = this.#hashEnds[row] as number;
    for (let i = row === 0 ? 0 : (this.#hashEnds[row - 1] as number); i < end; i++) {
      if (this.#hashes[i] === hash) return true;
    }
    return false;
  }

  /** True if any row has the hash. */
  anyHash(hash: number): boolean {
    const at = this.#hashes.indexOf(hash);
    return at >= 0 && at < this.#hashesUsed;
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
      this.bytes += 2 * key.length + 8 * origin.attributeHashes.length + 3 * ENTRY_BYTES;
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
      this.bytes += 2 * name.length + ENTRY_BYTES;
    }
    return id;
  }
}
