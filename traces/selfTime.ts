export interface SpanTimes {
  readonly spanId: string;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
}

/**
 * Self time in nanoseconds, |span| − |span ∩ ⋃children|: how long `span` ran while no child
 * did; 0n ≤ result ≤ duration. Parallel children count once; they may come in any order.
 * Source: gprof's self time (Graham, Kessler, McKusick 1982); the union is ours.
 * @throws {RangeError} if a span ends before it starts.
 */
export function selfTimeNano(span: SpanTimes, children: readonly SpanTimes[]): bigint {
  for (const { spanId, startUnixNano, endUnixNano } of [span, ...children]) {
    if (endUnixNano < startUnixNano) {
      throw new RangeError(
        `Cannot compute self time: span "${spanId}" must end at or after ${startUnixNano}, ` +
          `it ends at ${endUnixNano}; correct its clock or leave it out`,
      );
    }
  }
  const sorted = children.toSorted((a, b) =>
    a.startUnixNano < b.startUnixNano ? -1 : a.startUnixNano > b.startUnixNano ? 1 : 0,
  );
  // Invariant: time before `cursor` is charged already, to the span or to a child.
  let cursor = span.startUnixNano;
  let selfNano = 0n;
  for (const child of sorted) {
    if (child.startUnixNano >= span.endUnixNano) break; // sorted: so do all the rest
    if (child.startUnixNano > cursor) selfNano += child.startUnixNano - cursor;
    if (child.endUnixNano > cursor) cursor = child.endUnixNano;
  }
  return cursor < span.endUnixNano ? selfNano + span.endUnixNano - cursor : selfNano;
}
