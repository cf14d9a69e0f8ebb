import type { TraceState } from '@opentelemetry/api';
import { receivedTraceState } from './traceState.ts';

/**
 * Consistent probability sampling (OpenTelemetry, "TraceState: Probability Sampling"). Thresholds
 * and randomness are 56 bits, here as 14 hexadecimal digits in lower case, which compare as text.
 * A trace is kept where its randomness is not below the threshold: whoever keeps a larger share
 * keeps all that others keep.
 */
const digits = 14;

/** Rejects the share 1 − `ratio` of all traces; null, which rejects all, for 0. */
export function thresholdOf(ratio: number): string | null {
  if (ratio <= 0) return null;
  // A ratio has fewer digits than a threshold: what the conversion adds is cut off.
  const rejected = BigInt(Math.round((1 - ratio) * 2 ** 40)) << 16n;
  return rejected.toString(16).padStart(digits, '0');
}

/** `rv` of the tracestate's member `ot`, or else the last 56 bits of the trace id. */
export function randomnessOf(traceId: string, traceState: TraceState | undefined): string {
  const explicit = subKey(traceState, 'rv');
  return explicit !== null && /^[0-9a-f]{14}$/.test(explicit) ? explicit : traceId.slice(-digits);
}

/** `th` of the member `ot`; null where there is none, or none by the grammar. */
export function receivedThreshold(traceState: TraceState | undefined): string | null {
  const text = subKey(traceState, 'th');
  return text !== null && /^[0-9a-f]{1,14}$/.test(text) ? text.padEnd(digits, '0') : null;
}

/** `traceState` with this threshold in its member `ot`, or, for null, with none. */
export function withThreshold(
  traceState: TraceState | undefined,
  threshold: string | null,
): TraceState | undefined {
  const others = subKeys(traceState).filter((pair) => !pair.startsWith('th:'));
  const own = threshold === null ? [] : [`th:${threshold.replace(/0+$/, '') || '0'}`];
  const value = [...own, ...others].join(';');
  if (value === '') return traceState?.unset('ot');
  return traceState?.set('ot', value) ?? receivedTraceState(`ot=${value}`);
}

function subKeys(traceState: TraceState | undefined): string[] {
  return traceState?.get('ot')?.split(';') ?? [];
}

function subKey(traceState: TraceState | undefined, key: string): string | null {
  const pair = subKeys(traceState).find((one) => one.startsWith(`${key}:`));
  return pair === undefined ? null : pair.slice(key.length + 1);
}
