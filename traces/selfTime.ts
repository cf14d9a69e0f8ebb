import { lengthNano, outside, union } from './interval.ts';

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
  return lengthNano(outside(span, union(children)));
}
