import type { IncomingRequest, Origin } from './incoming.ts';
import { traceKeyOfSpan } from './scan.ts';
import { OPEN_SEGMENT_BYTES, OpenSegment, type Segment, spanOf } from './segment.ts';

export interface StoreStats {
  readonly heldSpans: number;
  readonly heldTraces: number;
  /** Memory that spans and their index take; an estimate, and what `maxBytes` bounds. */
  readonly heldBytes: number;
  readonly evictedSpans: number;
  readonly evictedTraces: number;
}

/** What a trace costs in the map of traces: an entry and its key; an estimate. */
const TRACE_BYTES = 80;

/** The least that `maxBytes` can be: below it, one segment would be the whole store. */
export const MIN_STORE_BYTES = 4 * OPEN_SEGMENT_BYTES;

/**
 * Spans by trace in memory, at most about `maxBytes` of them. When there are more, the oldest
 * segment is forgotten, and with it, whole, every trace that began in it.
 */
export class SpanStore {
  readonly #maxBytes: number;
  readonly #sealed: { readonly segment: Segment; readonly bytes: number }[] = [];
  readonly #open = new OpenSegment();
  /** Trace key → number of its latest span. */
  readonly #latest = new Map<string, number>();
  #sealedBytes = 0;
  #heldSpans = 0;
  #evictedSpans = 0;
  #evictedTraces = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(request: IncomingRequest): void {
    for (const { origin, from, to } of request.groups) {
      for (let i = from; i < to; i++) this.#addSpan(request, i, origin);
    }
  }

  stats(): StoreStats {
    return {
      heldSpans: this.#heldSpans,
      heldTraces: this.#latest.size,
      heldBytes: this.#heldBytes(),
      evictedSpans: this.#evictedSpans,
      evictedTraces: this.#evictedTraces,
    };
  }

  /** All segments, those of the latest spans first. */
  *newestFirst(): Generator<Segment> {
    yield this.#open;
    for (let i = this.#sealed.length - 1; i >= 0; i--) {
      yield (this.#sealed[i] as { segment: Segment }).segment;
    }
  }

  /** Where the spans of a trace lie, oldest first; empty if it is not held. */
  trace(traceKey: string): { segment: Segment; row: number }[] {
    const found: { segment: Segment; row: number }[] = [];
    let number = this.#latest.get(traceKey);
    while (number !== undefined) {
      const segment = this.#segmentOf(number);
      const row = number - segment.firstNumber;
      found.push({ segment, row });
      const back = segment.toPrevious[row] as number;
      number = back === 0 ? undefined : number - back;
    }
    return found.reverse();
  }

  /** False for a span whose trace has been evicted, though its own segment is still there. */
  isHeld(segment: Segment, row: number): boolean {
    const first = segment.firstNumber + row - (segment.toFirst[row] as number);
    return first >= this.#oldest().firstNumber;
  }

  #addSpan({ bytes, spans }: IncomingRequest, i: number, origin: Origin): void {
    const length = (spans.end[i] as number) - (spans.start[i] as number);
    const hashes = (spans.hashEnd[i] as number) - (spans.hashStart[i] as number);
    if (!this.#open.hasRoom(length, hashes)) {
      if (this.#open.rows > 0) this.#seal();
      this.#open.grow(length, hashes);
    }
    const traceKey = spans.traceKey[i] as string;
    const previous = this.#latest.get(traceKey) ?? null;
    const first = previous === null ? null : this.#firstOf(previous);
    this.#latest.set(traceKey, this.#open.add(bytes, spans, i, origin, first, previous));
    this.#heldSpans++;
  }

  #heldBytes(): number {
    return this.#sealedBytes + OPEN_SEGMENT_BYTES + this.#latest.size * TRACE_BYTES;
  }

  #oldest(): Segment {
    return this.#sealed[0]?.segment ?? this.#open;
  }

  #firstOf(number: number): number {
    const segment = this.#segmentOf(number);
    return number - (segment.toFirst[number - segment.firstNumber] as number);
  }

  /** Segments lie without gaps: a binary search by first number. */
  #segmentOf(number: number): Segment {
    if (number >= this.#open.firstNumber) return this.#open;
    let low = 0;
    let high = this.#sealed.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#sealed[middle] as { segment: Segment }).segment.firstNumber <= number) {
        low = middle;
      } else high = middle - 1;
    }
    return (this.#sealed[low] as { segment: Segment }).segment;
  }

  #seal(): void {
    const sealed = this.#open.seal();
    this.#sealed.push(sealed);
    this.#sealedBytes += sealed.bytes;
    while (this.#sealed.length > 0 && this.#heldBytes() > this.#maxBytes) this.#evictOldest();
  }

  #evictOldest(): void {
    const [oldest] = this.#sealed;
    if (!oldest) return;
    const { segment, bytes } = oldest;
    for (let row = 0; row < segment.rows; row++) {
      if (segment.toFirst[row] !== 0) continue;
      const key = traceKeyOfSpan(spanOf(segment, row));
      const spans = this.trace(key).length;
      this.#heldSpans -= spans;
      this.#evictedSpans += spans;
      this.#evictedTraces++;
      this.#latest.delete(key);
    }
    this.#sealed.shift();
    this.#sealedBytes -= bytes;
  }
}
