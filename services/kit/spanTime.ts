import type { HrTime } from '@opentelemetry/api';
import { unixMs } from '../../pauses/clock.ts';

export { unixMs };

/** The same as OpenTelemetry's pair of seconds and nanoseconds since 1970. */
export function hrTimeOf(unixMs: number): HrTime {
  const seconds = Math.floor(unixMs / 1000);
  return [seconds, Math.floor((unixMs - seconds * 1000) * 1e6)];
}

let lastSecond = -1;
let lastSecondText = '';
const thousand = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'));

/**
 * Microseconds since 1970 as text, for headers. V8 takes 0.7 µs to print a number of 16 digits; but
 * within a second they all begin alike.
 */
export function unixMicrosText(unixMs: number): string {
  const micros = Math.round(unixMs * 1000);
  const second = Math.floor(micros / 1e6);
  if (second !== lastSecond) {
    lastSecond = second;
    lastSecondText = String(second);
  }
  const rest = micros - second * 1e6;
  const upper = Math.floor(rest / 1000);
  return `${lastSecondText}${thousand[upper]}${thousand[rest - upper * 1000]}`;
}
