import type { IncomingRequest } from './incoming.ts';
import { traceKeyOfSpan } from './scan.ts';
import { SEGMENT_BYTES, Segment } from './segment.ts';

export interface StoreStats {
  readonly heldSpans: number;
  readonly heldTraces: number;
  /** Spans and their index; an estimate of the memory they take, and what `maxBytes` bounds. */
  readonly heldBytes: number;
  readonly evictedSpans: number;
  readonly evictedTraces: number;
}

/** What a trace costs in the map of traces: an entry and its key; an estimate. */
const TRACE_BYTES = 80;

/**
 * Spans by trace in memory, at most about `maxBytes` of them. When there are more, the oldest
 * segment is forgotten, and with it, whole, every trace that began in it.
 */
export class SpanStore {
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly segments: Segment[] = [];
  /** The last of them, if it still grows. */
  #open: Segment | null = null;
  /** Trace key → number of its latest span. */
  readonly #latest = new Map<string, number>();
  #heldSpans = 0;
  #sealedBytes = 0;
  #nextNumber = 0;
  #evictedSpans = 0;
  #evictedTraces = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(request: IncomingRequest): void {
    for (const span of request.spans) {
      const bytes = span.end - span.start;
      const hashes = span.hashEnd - span.hashStart;
      if (!this.#open?.hasRoom(bytes, hashes)) {
        if (this.#open) {
          this.#open.seal();
          this.#sealedBytes += this.#open.bytes;
        }
        this.#open = null;
        this.#makeRoom();
        this.#open = new Segment(this.#nextNumber, bytes, hashes);
        this.segments.push(this.#open);
      }
      const previous = this.#latest.get(span.traceKey) ?? null;
      const number = this.#open.add(
        request.bytes,
        span,
        request.attributeHashes,
        previous === null ? null : this.#firstOf(previous),
        previous,
      );
      this.#latest.set(span.traceKey, number);
      this.#nextNumber = number + 1;
      this.#heldSpans++;
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
    return first >= (this.segments[0]?.firstNumber ?? 0);
  }

  #heldBytes(): number {
    return this.#sealedBytes + (this.#open?.bytes ?? 0) + this.#latest.size * TRACE_BYTES;
  }

  #firstOf(number: number): number {
    const segment = this.#segmentOf(number);
    return number - (segment.toFirst[number - segment.firstNumber] as number);
  }

  /** Segments lie without gaps: a binary search by first number. */
  #segmentOf(number: number): Segment {
    let low = 0;
    let high = this.segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.segments[middle] as Segment).firstNumber <= number) low = middle;
      else high = middle - 1;
    }
    return this.segments[low] as Segment;
  }

  #makeRoom(): void {
    while (this.segments.length > 0 && this.#heldBytes() + SEGMENT_BYTES > this.#maxBytes) {
      this.#evictOldest();
    }
  }

  #evictOldest(): void {
    const segment = this.segments[0] as Segment;
    for (let row = 0; row < segment.rows; row++) {
      if (segment.toFirst[row] !== 0) continue;
      const key = traceKeyOfSpan(segment.span(row));
      const spans = this.trace(key).length;
      this.#heldSpans -= spans;
      this.#evictedSpans += spans;
      this.#evictedTraces++;
      this.#latest.delete(key);
    }
    this.segments.shift();
    this.#sealedBytes -= segment.bytes;
  }
}
