import type { UnixMicros } from './time.ts';

/** How long a request was here before its handler began, or an answer before it was read. */
export interface Wait {
  readonly fromMicros: UnixMicros;
  readonly by: 'stamp' | 'idle';
  /** How much of it the thread waited for a core, although its loop says that it was idle. */
  readonly coreMicros: number;
  /** From its sending until it was last seen not to be here; null: its sender says nothing, or is not believed. */
  readonly transitMicros: number | null;
  /**
   * Set where the sender's clock and ours are apart, so that its stamp tells nothing: by how much
   * at least, our time less the stamp.
   */
  readonly clockApartMicros: number | null;
}

/** Our own clock and a sender's on the same machine, read in different threads. */
const toleranceMicros = 2000;
/** A network does not keep a request for longer; a clock that is off does. */
const longestTransitMicros = 1_000_000;

/**
 * Since when a request had been here when its handler began: since the later of its sending and the
 * last moment at which it would have been begun with, had it been here. What lies before is the
 * network's, or the sender's. Null: it cannot be told.
 *
 * @param stampMicros when it was sent, by the sender's clock; null: not known.
 * @param absentMicros that moment; null: not known.
 * @param coreMicros for how long before that the thread had been ready and without a core: a loop
 *   whose thread has been woken is not idle.
 */
export function waitBefore(
  beganMicros: UnixMicros,
  stampMicros: UnixMicros | null,
  absentMicros: UnixMicros | null,
  coreMicros = 0,
): Wait | null {
  if (absentMicros === null) return null;
  const seenAbsent = Math.min(absentMicros, beganMicros);
  const absent = seenAbsent - coreMicros;
  const sinceThen = { fromMicros: absent, by: 'idle', coreMicros, transitMicros: null } as const;
  if (stampMicros === null) return { ...sinceThen, clockApartMicros: null };
  const apart = beganMicros - stampMicros;
  if (apart < -toleranceMicros || absent - stampMicros > longestTransitMicros) {
    return { ...sinceThen, clockApartMicros: apart };
  }
  const sent = Math.min(stampMicros, beganMicros);
  if (sent <= absent) return { ...sinceThen, transitMicros: absent - sent, clockApartMicros: null };
  return {
    fromMicros: sent,
    by: 'stamp',
    coreMicros: Math.max(0, seenAbsent - sent),
    transitMicros: 0,
    clockApartMicros: null,
  };
}
