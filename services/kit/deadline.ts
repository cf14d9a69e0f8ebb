import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.ts';

/**
 * The time, in Unix milliseconds, after which nobody waits for the answer any more. It is absolute,
 * so that time in a queue or in a paused process counts; callers' and callees' clocks must agree to
 * within what a deadline is meant to resolve.
 */
export const deadlineHeader = 'x-deadline-unix-ms';

/** The caller's deadline; null where it set none. */
export function readDeadline(headers: IncomingHttpHeaders): number | null {
  const text = headers[deadlineHeader];
  if (text === undefined) return null;
  const deadlineUnixMs = Number(text);
  if (typeof text !== 'string' || !/^\d+(\.\d+)?$/.test(text) || deadlineUnixMs <= 0) {
    throw new Problem(
      400,
      'bad-deadline',
      `${deadlineHeader} must be Unix time in milliseconds, got "${text}"`,
    );
  }
  return deadlineUnixMs;
}

/** @throws {Problem} 504 if the deadline has passed: work for nobody is not begun. */
export function refuseExpired(deadlineUnixMs: number | null, nowUnixMs: number): void {
  if (deadlineUnixMs === null || nowUnixMs < deadlineUnixMs) return;
  throw new Problem(
    504,
    'deadline-exceeded',
    `The deadline passed ${Math.round(nowUnixMs - deadlineUnixMs)} ms before the work could begin`,
  );
}
