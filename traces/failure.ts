import type { Span } from './span.ts';

/** Values of `error.type` that say that the caller's time was up: of Node, axios, Java, Go, gRPC, … */
const timedOut = /time.?out|timed.out|deadline.?exceeded|^(ESOCKETTIMEDOUT|ECONNABORTED)$/i;

/** Whether a span says that it failed: its status, or an HTTP status or error type that means so. */
export function hasFailed({ status, attributes }: Span): boolean {
  if (status.code !== 'unset') return status.code === 'error';
  if (attributes['error.type'] !== undefined) return true;
  const code = attributes['http.response.status_code'];
  return typeof code === 'number' && code >= 500;
}

/** Whether a span says that it failed because its time was up. */
export function hasTimedOut({ attributes }: Span): boolean {
  const type = attributes['error.type'];
  return typeof type === 'string' && timedOut.test(type);
}
