/** One series of Prometheus over a stretch of time. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Unix time in seconds, and the value; in order of time, at least one. */
  readonly samples: readonly (readonly [unixS: number, value: number])[];
}

/** A series whose first sample is later than this after the window's begin had not begun before. */
const newAfterS = 60;

/**
 * How much a counter has grown from `fromS` to `untilS`: as Prometheus's `increase`, but with the
 * samples as they are, not extrapolated. A value that falls, and each restart, begins anew at 0; a
 * series that begins within the window counts from 0.
 * @param restartsS when the counter's process was seen to have restarted.
 * @param evenly whether it grows evenly between two samples, or stays until the next.
 */
export function increase(
  { samples }: Series,
  fromS: number,
  untilS: number,
  restartsS: readonly number[] = [],
  evenly = false,
): number {
  const [first] = samples;
  if (first === undefined || first[0] > untilS) return 0;
  let total = first[0] > fromS + newAfterS ? first[1] : 0;
  let [lastS, last] = first;
  for (const [unixS, value] of samples.slice(1)) {
    const restarted = value < last || restartsS.some((s) => s > lastS && s <= unixS);
    const grown = restarted ? value : value - last;
    if (unixS > untilS) {
      return evenly ? total + (grown * (untilS - lastS)) / (unixS - lastS) : total;
    }
    total += grown;
    lastS = unixS;
    last = value;
  }
  return total;
}

/** When a process that tells for how long it has been up was first seen to have begun anew. */
export function restarts({ samples }: Series): number[] {
  return samples.flatMap(([unixS, value], index) => {
    const before = samples[index - 1];
    return before !== undefined && value < before[1] ? [unixS] : [];
  });
}

/** The last value at or before `unixS`; undefined if there is none. */
export function valueAt({ samples }: Series, unixS: number): number | undefined {
  return samples.findLast(([sampleS]) => sampleS <= unixS)?.[1];
}
