import type { PauseDetector } from '../detector/detectedPause.ts';
import { type Wait, waitBefore } from './arrival.ts';
import type { UnixMicros } from './time.ts';

/**
 * The same as {@link waitBefore}, where either the wait or the way to here may have been as long as
 * `minMicros`; null: for most. What costs a call of the kernel, whether the thread waited for a core
 * while its loop seemed idle, is asked only then.
 *
 * @param stampMicros when it was sent; null: not known, and nothing can have been long but the wait.
 */
export function longWait(
  beganMicros: UnixMicros,
  stampMicros: UnixMicros | null,
  absentMicros: UnixMicros,
  minMicros: number,
  detector: Pick<PauseDetector, 'coreWaitMicros'>,
): Wait | null {
  if (beganMicros - absentMicros >= minMicros) {
    return waitBefore(beganMicros, stampMicros, absentMicros);
  }
  if (stampMicros === null || beganMicros - stampMicros < minMicros) return null;
  // Of a clock that is apart every request would seem to have been long on its way.
  if (waitBefore(beganMicros, stampMicros, absentMicros)?.clockApartMicros !== null) return null;
  return waitBefore(beganMicros, stampMicros, absentMicros, detector.coreWaitMicros());
}
