import type { HrTime } from '@opentelemetry/api';
import { unixMs } from '../../pauses/clock.ts';

export { unixMs };

/**
 * Now, in nanoseconds since 1970, for the start and the end of a span. The SDK by itself ties each
 * span's start to a wall clock of whole milliseconds, so that a child may seem to end after its
 * parent.
 */
export function spanTime(): HrTime {
  const nowMs = unixMs();
  const seconds = Math.floor(nowMs / 1000);
  return [seconds, Math.floor((nowMs - seconds * 1000) * 1e6)];
}
