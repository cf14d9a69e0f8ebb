/** Where a span comes from: its resource and its scope. */
export interface Origin {
  /** `service.name` of the resource. */
  readonly service: string;
  /** The `ResourceSpans` message without its `scope_spans`. */
  readonly resource: Uint8Array;
  /** The `ScopeSpans` message without its `spans`. */
  readonly scope: Uint8Array;
  /** Of the attributes of both. */
  readonly attributeHashes: readonly number[];
}

/**
 * What the store has to know of each span, by columns; the rest stays as bytes. Columns can be
 * filled again and again: an object for every span would be most of the garbage.
 */
export class SpanColumns {
  /** How many spans there are; what the columns hold beyond them is left from earlier ones. */
  length = 0;
  /** The `Span` message: `bytes[start, end)` of the request. */
  readonly start: number[] = [];
  readonly end: number[] = [];
  /** The 16 bytes of the id, a character each. */
  readonly traceKey: string[] = [];
  readonly name: string[] = [];
  readonly kind: number[] = [];
  readonly isError: boolean[] = [];
  /** Start in nanoseconds since 1970: two unsigned 32-bit halves. */
  readonly startLow: number[] = [];
  readonly startHigh: number[] = [];
  readonly durationNano: number[] = [];
  /** Its attributes: `hashes[hashStart, hashEnd)`. */
  readonly hashStart: number[] = [];
  readonly hashEnd: number[] = [];
  readonly hashes: number[] = [];
}

/** Spans `from` to `to`, exclusive, of a request: those of one origin. */
export interface SpanGroup {
  readonly origin: Origin;
  readonly from: number;
  readonly to: number;
}

/** A request that has been checked whole and may be stored. */
export interface IncomingRequest {
  readonly bytes: Buffer;
  readonly spans: SpanColumns;
  readonly groups: readonly SpanGroup[];
  /** Spans that may not be stored, and why the first of them may not. */
  readonly rejected: number;
  readonly reason: string | null;
}
