import type { RequestRecord, Visit } from './records.ts';

export interface RequestVisit {
  readonly request: RequestRecord;
  readonly visit: Visit;
}

export interface Victims {
  /** In the process, or arrived and not begun, at some moment of the pause. */
  readonly hit: ReadonlySet<RequestRecord>;
  /** Arrived after the pause's end, before the backlog had drained. Not hit. */
  readonly queued: ReadonlySet<RequestRecord>;
  /** From the pause's end until the backlog had drained. */
  readonly drainMs: number;
  /** The next pause struck before that: the drain time is only what was seen of it. */
  readonly drainCut: boolean;
}

/** All requests at one service by their arrival, as {@link victimsOf} wants them. */
export class Arrivals {
  readonly #visits: readonly RequestVisit[];
  readonly #longestMs: number;

  constructor(requests: readonly RequestRecord[], service: string) {
    this.#visits = requests
      .flatMap((request) =>
        request.calls
          .filter((call) => call.service === service)
          .flatMap(({ attempts }) => attempts.map(({ visit }) => ({ request, visit }))),
      )
      .sort((a, b) => a.visit.arrivedMs - b.visit.arrivedMs);
    this.#longestMs = this.#visits.reduce(
      (longest, { visit }) => Math.max(longest, visit.leftMs - visit.arrivedMs),
      0,
    );
  }

  /** Those that can have been in the process at `timeMs`, and all later ones. */
  *from(timeMs: number): Generator<RequestVisit> {
    let low = 0;
    let high = this.#visits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const visit = this.#visits[middle]?.visit;
      if (visit && visit.arrivedMs < timeMs - this.#longestMs) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < this.#visits.length; i++) yield this.#visits[i] as RequestVisit;
  }
}

/**
 * Whom a pause hurt. The drain is followed by a cursor that starts at the pause's end: whenever a
 * request had arrived before it and its turn came after it by more than `usualBeginMs` (the
 * baseline's median from sending to turn), the cursor moves to that turn, but not past `nextMs`.
 * The work of the last one in the backlog is not seen: the drain is short by one service time.
 *
 * @param nextMs when the next pause of the same service begins, or Infinity.
 */
export function victimsOf(
  pause: { readonly startMs: number; readonly endMs: number },
  arrivals: Arrivals,
  usualBeginMs: number,
  nextMs: number,
): Victims {
  const hit = new Set<RequestRecord>();
  const after: RequestVisit[] = [];
  let cursorMs = pause.endMs;
  // In the order of arrival one pass is enough: the cursor only grows, and whoever was not delayed
  // beyond an earlier place of it is not delayed beyond a later one.
  for (const arrival of arrivals.from(pause.startMs)) {
    const { arrivedMs, begunMs, leftMs } = arrival.visit;
    if (arrivedMs > cursorMs) break;
    if (arrivedMs <= pause.endMs && leftMs >= pause.startMs) hit.add(arrival.request);
    else if (arrivedMs > pause.endMs) after.push(arrival);
    if (begunMs !== null && begunMs > cursorMs + usualBeginMs) cursorMs = begunMs;
    if (cursorMs >= nextMs && arrivedMs > pause.endMs) break;
  }
  const drainCut = cursorMs >= nextMs;
  const drainEndMs = Math.min(cursorMs, Math.max(nextMs, pause.endMs));
  const queued = new Set<RequestRecord>();
  for (const { request, visit } of after) {
    if (visit.arrivedMs < drainEndMs && !hit.has(request)) queued.add(request);
  }
  return { hit, queued, drainMs: drainEndMs - pause.endMs, drainCut };
}
