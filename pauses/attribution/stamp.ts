/** What the tracestate member `aftershock` says about the hop that a request came by. */
export interface Hop {
  /** 1 for the first service that sent the request on, and so forth. */
  readonly hop: number;
  readonly sentUnixMicros: number;
}

/** The hop in a tracestate; undefined where there is none or it is not of our making. */
export function readHop(traceState: string): Hop | undefined {
  const match = /(?:^|,)\s*aftershock=h:(\d{1,4});t:(\d{1,16})\s*(?:,|$)/.exec(traceState);
  return match === null ? undefined : { hop: Number(match[1]), sentUnixMicros: Number(match[2]) };
}
