/** A stretch of time, from its start up to, and without, its end. */
export interface Interval {
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
}

/** The union of intervals as stretches that do not touch, in order; empty ones are left out. */
export function union(intervals: readonly Interval[]): Interval[] {
  const sorted = intervals
    .filter(({ startUnixNano, endUnixNano }) => startUnixNano < endUnixNano)
    // Which of those that start together is first does not matter.
    .sort((a, b) => (a.startUnixNano < b.startUnixNano ? -1 : 1));
  const result: { startUnixNano: bigint; endUnixNano: bigint }[] = [];
  for (const { startUnixNano, endUnixNano } of sorted) {
    const last = result.at(-1);
    if (last === undefined || startUnixNano > last.endUnixNano) {
      result.push({ startUnixNano, endUnixNano });
    } else last.endUnixNano = later(last.endUnixNano, endUnixNano);
  }
  return result;
}

/** What of `interval` lies in one of `others`, which are as {@link union} gives them. */
export function within(interval: Interval, others: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (let i = firstEndingAfter(others, interval.startUnixNano); i < others.length; i++) {
    const other = others[i] as Interval;
    if (other.startUnixNano >= interval.endUnixNano) break;
    const startUnixNano = later(interval.startUnixNano, other.startUnixNano);
    const endUnixNano = earlier(interval.endUnixNano, other.endUnixNano);
    if (startUnixNano < endUnixNano) result.push({ startUnixNano, endUnixNano });
  }
  return result;
}

/** Index of the first of the intervals, which are as {@link union} gives them, that ends later. */
export function firstEndingAfter(intervals: readonly Interval[], unixNano: bigint): number {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((intervals[middle] as Interval).endUnixNano > unixNano) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What of `interval` lies in none of `others`, which are as {@link union} gives them. */
export function outside(interval: Interval, others: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  let cursor = interval.startUnixNano;
  for (const { startUnixNano, endUnixNano } of within(interval, others)) {
    if (cursor < startUnixNano) result.push({ startUnixNano: cursor, endUnixNano: startUnixNano });
    cursor = endUnixNano;
  }
  if (cursor < interval.endUnixNano) {
    result.push({ startUnixNano: cursor, endUnixNano: interval.endUnixNano });
  }
  return result;
}

/** Length of all together, in nanoseconds. */
export function lengthNano(intervals: readonly Interval[]): bigint {
  return intervals.reduce((sum, each) => sum + each.endUnixNano - each.startUnixNano, 0n);
}

export function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

export function earlier(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
