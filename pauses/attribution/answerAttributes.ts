import type { Attributes } from '@opentelemetry/api';
import type { Wait } from './arrival.ts';
import { PausedAttribute } from './attributes.ts';
import { toMs } from './time.ts';

/**
 * What a client span says of an answer that was long on its way, or lay here unread; null: nothing.
 *
 * @param busyMicros for how long it may have been here, by the loop's own account, when it was read.
 */
export function answerAttributes(
  busyMicros: number,
  { coreMicros, transitMicros }: Wait,
  minMicros: number,
): Attributes | null {
  const attributes: Attributes = {};
  const lay = busyMicros + coreMicros >= minMicros;
  if (transitMicros !== null && transitMicros >= (lay ? minMicros : 1)) {
    attributes[PausedAttribute.clientTransitMs] = toMs(transitMicros);
  }
  if (lay) {
    attributes[PausedAttribute.clientBusyMs] = toMs(busyMicros + coreMicros);
    if (coreMicros > 0) attributes[PausedAttribute.clientCoreMs] = toMs(coreMicros);
  }
  return Object.keys(attributes).length === 0 ? null : attributes;
}
