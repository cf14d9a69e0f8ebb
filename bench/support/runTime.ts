/** Nanoseconds as milliseconds; exact to the nanosecond for lengths below a hundred days. */
export function nanoToMs(nano: bigint): number {
  return Number(nano) / 1e6;
}
