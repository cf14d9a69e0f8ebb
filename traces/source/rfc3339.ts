/** Nanoseconds since 1970 as an RFC 3339 time with nine digits after the point. */
export function rfc3339Nano(unixNano: bigint): string {
  const second = unixNano / 1_000_000_000n;
  const nano = unixNano % 1_000_000_000n;
  const text = new Date(Number(second) * 1000).toISOString();
  return `${text.slice(0, 'yyyy-mm-ddThh:mm:ss'.length)}.${String(nano).padStart(9, '0')}Z`;
}
