import { PausedAttribute } from '../../pauses/attribution/attributes.ts';
import { pausesOn } from '../../traces/pauseEvidence.ts';
import { serviceOf } from '../../traces/service.ts';
import type { Span } from '../../traces/span.ts';

export type Claim = 'hit' | 'queued' | 'none';

/**
 * What the spans of a service say of a request that its caller sent as the span `callId`, with
 * regard to one pause: they link to the pause's span, and where they were hit by it, and not only
 * by another one, an event says so.
 *
 * @param below the spans whose parent is the caller's span.
 */
export function claimOf(below: readonly Span[], pause: Span): Claim {
  const service = serviceOf(pause);
  const linked = below.filter(
    (span) =>
      serviceOf(span) === service && span.links.some(({ spanId }) => spanId === pause.spanId),
  );
  const roles = linked.map((span) => span.attributes[PausedAttribute.role]);
  if (!roles.some((role) => role === 'hit' || role === 'queued')) return 'none';
  const wasHit = linked.some(
    (span, i) =>
      roles[i] === 'hit' &&
      pausesOn(span).some(
        ({ startUnixNano, endUnixNano }) =>
          startUnixNano < pause.endUnixNano && endUnixNano > pause.startUnixNano,
      ),
  );
  return wasHit ? 'hit' : 'queued';
}
