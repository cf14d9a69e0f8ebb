import type { Arrival } from './replyArrival.ts';

/**
 * Of an attempt that its caller's own timer ended:
 * - `spurious`: the whole answer lay on the caller's machine before the deadline; the caller's
 *   thread was stopped or busy and did not read it.
 * - `late`: it did not.
 * - `undetermined`: cannot be told.
 */
export type TimeoutVerdict = (typeof timeoutVerdicts)[number];

export const timeoutVerdicts = ['spurious', 'late', 'undetermined'] as const;

/** Times are Unix milliseconds by the caller's clock. */
export interface TimeoutEvidence {
  /** When the attempt began. */
  readonly startUnixMs: number;
  /** When the attempt's time was over. */
  readonly deadlineUnixMs: number;
  /** When the first look at the socket after the timer brought the whole answer; null: it did not. */
  readonly readUnixMs: number | null;
  /** When that answer arrived; null where its sender, or earlier answers, tell nothing. */
  readonly arrival: Arrival | null;
}

/**
 * | the first poll after the timer | arrival by the sender's stamp | verdict |
 * |---|---|---|
 * | no whole answer | | `late`: it was not there even then |
 * | whole answer | before the deadline by more than the margin | `spurious` |
 * | | after it by more than the margin | `late`: it came between the deadline and the look |
 * | | within the margin | `undetermined` |
 * | | no stamp, or no answer before this one | `undetermined` |
 * | | before the attempt began, or after the answer was read | `undetermined`: a clock was set |
 */
export function judgeTimeout(evidence: TimeoutEvidence): TimeoutVerdict {
  const { startUnixMs, deadlineUnixMs, readUnixMs, arrival } = evidence;
  if (readUnixMs === null) return 'late';
  if (arrival === null) return 'undetermined';
  const earliest = arrival.unixMs - arrival.marginMs;
  const latest = arrival.unixMs + arrival.marginMs;
  if (latest < startUnixMs || earliest > readUnixMs) return 'undetermined';
  if (latest <= deadlineUnixMs) return 'spurious';
  return earliest > deadlineUnixMs ? 'late' : 'undetermined';
}
