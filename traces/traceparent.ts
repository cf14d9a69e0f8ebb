import { randomBytes } from 'node:crypto';

/** What a `traceparent` header says. Ids are lower-case hex. */
export interface TraceParent {
  readonly traceId: string;
  readonly parentId: string;
}

/** Version 00 ends with the flags; a later one may go on. */
const format =
  /^(?!ff|00-.{53})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$/;

/**
 * @throws {RangeError} if the text is none: W3C Trace Context, 3.2.2.
 */
export function parseTraceParent(header: string): TraceParent {
  const match = format.exec(header.trim());
  if (match === null) {
    throw new RangeError(
      `A traceparent must be as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01, ids not ` +
        `all zero; it is ${JSON.stringify(header)}: send the one that newTraceParent() gives`,
    );
  }
  return { traceId: match[1] as string, parentId: match[2] as string };
}

/** A header for one request of a test: sampled, in a trace of its own, so that none sees another's. */
export function newTraceParent(random: (bytes: number) => Buffer = randomBytes): string {
  const id = (bytes: number): string => {
    const hex = random(bytes).toString('hex');
    return /^0*$/.test(hex) ? id(bytes) : hex;
  };
  return `00-${id(16)}-${id(8)}-01`;
}
