/** One series of Prometheus over a stretch of time. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Unix time in seconds, and the value; in order of time, at least one. */
  readonly samples: readonly (readonly [unixS: number, value: number])[];
}

/** Something about either end of a window. */
export interface Ends {
  readonly from: boolean;
  readonly until: boolean;
}

/** Samples from this long before a window are needed to tell what began within it. */
export const lookbackS = 60;

/**
 * How much a counter has grown from `fromS` to `untilS`: as Prometheus's `increase`, but with the
 * samples as they are, not extrapolated. A value that falls, and each restart, begins anew at 0; a
 * series without a sample before the window counts from 0.
 * @param restartsS when the counter's process was seen to have restarted.
 * @param moving where the counter moves at an end of the window, it is taken to grow evenly between
 *   the samples on either side; where it does not, the last sample before holds.
 */
export function increase(
  { samples }: Series,
  fromS: number,
  untilS: number,
  restartsS: readonly number[] = [],
  moving: Ends = { from: false, until: false },
): number {
  let total = 0;
  let [lastS, last] = samples.findLast(([unixS]) => unixS <= fromS) ?? [fromS, 0];
  for (const [unixS, value] of samples) {
    if (unixS <= lastS) continue;
    const restarted = value < last || restartsS.some((s) => s > lastS && s <= unixS);
    const grown = restarted ? value : value - last;
    // Of the step that reaches over an end of the window, the share within.
    const beginS = moving.from ? Math.max(lastS, fromS) : lastS;
    const endS = moving.until ? Math.min(unixS, untilS) : unixS;
    if (endS <= untilS) total += (grown * (endS - beginS)) / (unixS - lastS);
    if (unixS > untilS) break;
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
