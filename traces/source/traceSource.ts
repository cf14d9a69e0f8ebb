import type { Span } from '../span.ts';

/** Where the spans of a trace can be had. */
export interface TraceSource {
  /**
   * The spans of a trace as far as they are there; null: none, or not yet. A later call may give
   * fewer: who waits keeps what has come.
   * @throws {SourceError} if the source cannot be read: that says nothing of the trace.
   */
  getTrace(traceId: string, signal?: AbortSignal): Promise<readonly Span[] | null>;
  /**
   * How many spans of the trace each service has ended so far, where the services can say so.
   * @throws {SourceError} if one of them cannot be asked.
   */
  endedSpans?(traceId: string, signal?: AbortSignal): Promise<Readonly<Record<string, number>>>;
  /** Where, or by which command, a person can look at the trace; known best after an answer. */
  linkTo?(traceId: string): string;
}
