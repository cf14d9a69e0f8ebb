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
 * last moment at which the loop was seen idle, because then it would have been served. What lies
 * before is the network's, or the sender's. Null: it cannot be told.
 *
 * @param stampMicros when it was sent, by the sender's clock; null: not known.
 * @param idleMicros null: not known.
 * @param coreMicros for how long before that the thread had been ready and without a core: a loop
 *   whose thread has been woken is not idle.
 */
export function waitBefore(
  beganMicros: UnixMicros,
  stampMicros: UnixMicros | null,
  idleMicros: UnixMicros | null,
  coreMicros = 0,
): Wait | null {
  if (idleMicros === null) return null;
  const seenIdle = Math.min(idleMicros, beganMicros);
  const idle = seenIdle - coreMicros;
  const sinceIdle = { fromMicros: idle, by: 'idle', coreMicros, transitMicros: null } as const;
  if (stampMicros === null) return { ...sinceIdle, clockApartMicros: null };
  const apart = beganMicros - stampMicros;
  if (apart < -toleranceMicros || idle - stampMicros > longestTransitMicros) {
    return { ...sinceIdle, clockApartMicros: apart };
  }
  const sent = Math.min(stampMicros, beganMicros);
  if (sent <= idle) return { ...sinceIdle, transitMicros: idle - sent, clockApartMicros: null };
  return {
    fromMicros: sent,
    by: 'stamp',
    coreMicros: Math.max(0, seenIdle - sent),
    transitMicros: 0,
    clockApartMicros: null,
  };
}
