import type { HrTime } from '@opentelemetry/api';

/** Microseconds since 1970, to a quarter of one: a double compares faster than nanoseconds do. */
export type UnixMicros = number;

export function microsOf(time: HrTime): UnixMicros {
  return time[0] * 1e6 + time[1] / 1000;
}

export function microsOfNano(unixNano: bigint): UnixMicros {
  return Number(unixNano / 1000n) + Number(unixNano % 1000n) / 1000;
}

/** Milliseconds to be told: to the microsecond, because more is not known. */
export function toMs(micros: number): number {
  return Math.round(micros) / 1000;
}

export function hrTimeOf(micros: UnixMicros): HrTime {
  const seconds = Math.floor(micros / 1e6);
  return [seconds, Math.min(999_999_999, Math.round((micros - seconds * 1e6) * 1000))];
}

export function hrTimeOfNano(unixNano: bigint): HrTime {
  return [Number(unixNano / 1_000_000_000n), Number(unixNano % 1_000_000_000n)];
}

/** `nano` may be up to a second. */
export function earlier([seconds, nanoNow]: HrTime, nano: number): HrTime {
  return nanoNow >= nano ? [seconds, nanoNow - nano] : [seconds - 1, nanoNow - nano + 1e9];
}

/** From `start` to `end`, never negative. */
export function durationOf(start: HrTime, end: HrTime): HrTime {
  const seconds = end[0] - start[0];
  const nano = end[1] - start[1];
  if (seconds < 0 || (seconds === 0 && nano < 0)) return [0, 0];
  return nano < 0 ? [seconds - 1, nano + 1e9] : [seconds, nano];
}
