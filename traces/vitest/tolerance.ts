/** Never under 1 ms: clocks of processes, and of one process's own spans, differ by as much. */
export function toleranceNano(toleranceMs = 1): bigint {
  if (!(toleranceMs >= 1)) {
    throw new RangeError(
      `toleranceMs must be at least 1, the resolution of JavaScript's clocks; it is ${toleranceMs}`,
    );
  }
  return nanoOf(toleranceMs);
}

export function nanoOf(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}

/** Bounds in milliseconds, both within; one may be left out. */
export interface Bounds {
  readonly minMs?: number;
  readonly maxMs?: number;
  /** At least 1, the default: closer to a bound than this is undetermined. */
  readonly toleranceMs?: number;
}

/** @throws {RangeError} if there is no bound, or none can be met. */
function checkBounds({ minMs, maxMs }: Bounds): void {
  const given = [minMs, maxMs].filter((bound) => bound !== undefined);
  if (
    given.length === 0 ||
    given.some((bound) => !(bound >= 0)) ||
    (minMs ?? 0) > (maxMs ?? Infinity)
  ) {
    throw new RangeError(
      'Bounds must be minMs or maxMs or both, 0 ≤ minMs ≤ maxMs; they are ' +
        `minMs ${minMs ?? '(none)'} and maxMs ${maxMs ?? '(none)'}`,
    );
  }
}

/** A bound of 0 is exact: nothing is shorter. */
export function isWithin(nano: bigint, bounds: Bounds): boolean | 'undetermined' {
  checkBounds(bounds);
  const { minMs, maxMs } = bounds;
  const tolerance = toleranceNano(bounds.toleranceMs);
  let sure = true;
  if (minMs !== undefined && minMs > 0) {
    if (nano <= nanoOf(minMs) - tolerance) return false;
    if (nano < nanoOf(minMs) + tolerance) sure = false;
  }
  if (maxMs !== undefined && Number.isFinite(maxMs)) {
    if (nano >= nanoOf(maxMs) + tolerance) return false;
    if (nano > nanoOf(maxMs) - tolerance) sure = false;
  }
  return sure || 'undetermined';
}

export function describeBounds({ minMs, maxMs, toleranceMs = 1 }: Bounds): string {
  const low = minMs === undefined ? '' : `at least ${minMs} ms`;
  const high = maxMs === undefined ? '' : `at most ${maxMs} ms`;
  return `${[low, high].filter((part) => part !== '').join(' and ')} (± ${toleranceMs} ms)`;
}
