import { objects } from './checks.ts';
import type { OtlpSpan, OtlpTraceRequest } from './request.ts';

const ZEROS = /^0*$/;

export const NO_DIGIT = 255;

/** Value of each character code as a hex digit. */
const DIGITS = new Uint8Array(256).fill(NO_DIGIT);
for (const digit of '0123456789abcdefABCDEF') {
  DIGITS[digit.charCodeAt(0)] = Number.parseInt(digit, 16);
}

/** Value of a hex digit by its character code, or {@link NO_DIGIT}. */
export function hexDigit(code: number): number {
  return code < 256 ? (DIGITS[code] as number) : NO_DIGIT;
}

/** True for hex of exactly `bytes` bytes that is not all zeros. */
function isId(text: unknown, bytes: 8 | 16): text is string {
  if (typeof text !== 'string' || text.length !== 2 * bytes) return false;
  let any = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit === NO_DIGIT) return false;
    any |= digit;
  }
  return any !== 0;
}

/** True for an id that may be absent: missing, empty, or all zeros of any length. */
function isNoId(text: unknown): boolean {
  return (
    text === undefined ||
    text === null ||
    text === '' ||
    // Nearly every id ends here, without the price of the expression.
    (typeof text === 'string' && text.startsWith('0') && ZEROS.test(text))
  );
}

/** Why the span cannot be stored, naming the id and its value; null if all its ids are good. */
export function idFault(span: OtlpSpan): string | null {
  if (!isId(span.traceId, 16)) return fault('traceId', 32, span.traceId);
  if (!isId(span.spanId, 8)) return fault('spanId', 16, span.spanId);
  if (!isNoId(span.parentSpanId) && !isId(span.parentSpanId, 8)) {
    return fault('parentSpanId', 16, span.parentSpanId);
  }
  for (const link of objects(span.links, 'links')) {
    if (!isNoId(link.traceId) && !isId(link.traceId, 16)) {
      return fault('links.traceId', 32, link.traceId);
    }
    if (!isNoId(link.spanId) && !isId(link.spanId, 8)) {
      return fault('links.spanId', 16, link.spanId);
    }
  }
  return null;
}

/** The sentence for a bad id; a value that is too long is cut. */
export function fault(field: string, digits: number, value: unknown): string {
  const shown = value === undefined ? 'missing' : JSON.stringify(value);
  return `${field} must be ${digits} hex digits, not all zero; it is ${
    shown.length > 60 ? `${shown.slice(0, 60)}…` : shown
  }`;
}

/** An optional id, lower case; empty for none. The id must have been checked. */
export function normalId(text: string | undefined | null): string {
  return isNoId(text) ? '' : (text as string).toLowerCase();
}

/** The request without its spans of invalid ids. The given one is not changed. */
export function withoutFaultySpans(request: OtlpTraceRequest): OtlpTraceRequest {
  return {
    resourceSpans: (request.resourceSpans ?? []).map((resourceSpans) => ({
      ...resourceSpans,
      scopeSpans: (resourceSpans.scopeSpans ?? []).map((scopeSpans) => ({
        ...scopeSpans,
        spans: (scopeSpans.spans ?? []).filter((span) => idFault(span) === null),
      })),
    })),
  };
}
