import type { UnixMicros } from './time.ts';

/** How long a request was here before its handler began. */
export interface Wait {
  readonly fromMicros: UnixMicros;
  readonly by: 'stamp' | 'idle';
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
 */
export function waitBefore(
  beganMicros: UnixMicros,
  stampMicros: UnixMicros | null,
  idleMicros: UnixMicros | null,
): Wait | null {
  if (idleMicros === null) return null;
  const idle = Math.min(idleMicros, beganMicros);
  if (stampMicros === null) return { fromMicros: idle, by: 'idle', clockApartMicros: null };
  const apart = beganMicros - stampMicros;
  if (apart < -toleranceMicros || idle - stampMicros > longestTransitMicros) {
    return { fromMicros: idle, by: 'idle', clockApartMicros: apart };
  }
  const sent = Math.min(stampMicros, beganMicros);
  return sent > idle
    ? { fromMicros: sent, by: 'stamp', clockApartMicros: null }
    : { fromMicros: idle, by: 'idle', clockApartMicros: null };
}
