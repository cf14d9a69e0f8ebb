import type { Hop } from './hops.ts';

/** How far a service's clock is ahead of the doctor's, in milliseconds: offset ± margin. */
export interface ClockOffset {
  readonly service: string;
  readonly offsetMs: number;
  /** What the time on the network leaves open. */
  readonly marginMs: number;
}

/** Machines with NTP agree to within about 10 ms; less says nothing. */
export const toleranceMs = 20;

/**
 * Offsets by hop. A callee's span lies within its caller's, as true time goes; so the callee's
 * clock is ahead of the caller's by at least `callee's end − caller's end` and at most `callee's
 * start − caller's start` (Cristian's algorithm, with the request as the probe). Along the chain
 * offsets and margins add up. A hop without both spans, or whose caller gave up waiting, has none.
 */
export function clockOffsets(hops: readonly Hop[], doctor: string): ClockOffset[] {
  const known = new Map<string, ClockOffset>([
    [doctor, { service: doctor, offsetMs: 0, marginMs: 0 }],
  ]);
  const offsets: ClockOffset[] = [];
  for (const { service, call, server } of hops) {
    if (call === null || server === null || call.attributes['error.type'] === 'timeout') continue;
    const caller = known.get(String(call.resource.attributes['service.name']));
    if (caller === undefined) continue;
    const lowMs = Number(server.endUnixNano - call.endUnixNano) / 1e6;
    const highMs = Number(server.startUnixNano - call.startUnixNano) / 1e6;
    const offset = {
      service,
      offsetMs: caller.offsetMs + (lowMs + highMs) / 2,
      marginMs: caller.marginMs + Math.abs(highMs - lowMs) / 2,
    };
    known.set(service, offset);
    offsets.push(offset);
  }
  return offsets;
}

/** Whether the offset cannot be explained by the network, or by what NTP leaves. */
export function isSkewed({ offsetMs, marginMs }: ClockOffset): boolean {
  return Math.abs(offsetMs) > marginMs + toleranceMs;
}
