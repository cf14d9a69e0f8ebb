import { randomExponential } from 'd3-random';

/** When pauses begin. `once`: a single one, this long after the beginning. All in milliseconds. */
export type Timetable =
  | { readonly type: 'fixed'; readonly value: number }
  | { readonly type: 'poisson'; readonly mean: number }
  | { readonly type: 'once'; readonly after: number };

export interface PlannedPause {
  /** Milliseconds from the plan's beginning. */
  readonly atMs: number;
  readonly durationMs: number;
}

/**
 * Pauses in order of time; endless but for `once`. The first of a repeated pause comes after one
 * interval, not at 0. `random` gives numbers in [0, 1) and decides intervals; `drawDurationMs` gives
 * each pause its length.
 */
export function* planPauses(
  timetable: Timetable,
  drawDurationMs: () => number,
  random: () => number,
): Generator<PlannedPause, void> {
  if (timetable.type === 'once') {
    yield { atMs: timetable.after, durationMs: drawDurationMs() };
    return;
  }
  const interval =
    timetable.type === 'fixed'
      ? () => timetable.value
      : randomExponential.source(random)(1 / timetable.mean);
  for (let atMs = interval(); ; atMs += interval()) yield { atMs, durationMs: drawDurationMs() };
}
