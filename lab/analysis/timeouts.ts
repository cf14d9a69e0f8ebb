import type { Attempt } from './records.ts';

/** Attempts that the caller's own timer ended, by what the caller found out about each. */
export interface TimeoutAccount {
  readonly all: number;
  /** The whole answer lay on the caller's machine before the deadline. */
  readonly spurious: number;
  readonly late: number;
  readonly undetermined: number;
  /** The timer had fired, and the caller took the answer that it then found (`recheck`). Not in `all`. */
  readonly taken: number;
}

/** `all` less the three verdicts is what nobody judged: time-outs of the load itself. */
export function timeoutAccount(attempts: readonly Attempt[]): TimeoutAccount {
  const ended = attempts.filter(({ timedOut }) => timedOut);
  const judged = (verdict: Attempt['timeoutVerdict']) =>
    ended.filter(({ timeoutVerdict }) => timeoutVerdict === verdict).length;
  return {
    all: ended.length,
    spurious: judged('spurious'),
    late: judged('late'),
    undetermined: judged('undetermined'),
    taken: attempts.filter(({ timedOut, timeoutVerdict }) => !timedOut && timeoutVerdict !== null)
      .length,
  };
}
