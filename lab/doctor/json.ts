import type { Reply } from './ask.ts';

/** The body as JSON; undefined where there is none: whoever asked says what should have come. */
export function jsonOf(reply: Reply): unknown {
  if (reply.kind !== 'answer') return undefined;
  try {
    return JSON.parse(reply.body) as unknown;
  } catch {
    return undefined;
  }
}
