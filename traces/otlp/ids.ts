import type { OtlpSpan, OtlpTraceRequest } from './request.ts';

const ZEROS = /^0*$/;
const HEX = /^[0-9a-fA-F]+$/;

/** True for hex of exactly `bytes` bytes that is not all zeros. */
export function isId(text: unknown, bytes: 8 | 16): text is string {
  return (
    typeof text === 'string' && text.length === 2 * bytes && HEX.test(text) && !ZEROS.test(text)
  );
}

/** True for an id that may be absent: missing, empty, or all zeros of any length. */
function isNoId(text: unknown): boolean {
  return text === undefined || text === null || (typeof text === 'string' && ZEROS.test(text));
}

/** Why the span cannot be stored, naming the id and its value; null if all its ids are good. */
export function idFault(span: OtlpSpan): string | null {
  if (!isId(span.traceId, 16)) return fault('traceId', 32, span.traceId);
  if (!isId(span.spanId, 8)) return fault('spanId', 16, span.spanId);
  if (!isNoId(span.parentSpanId) && !isId(span.parentSpanId, 8)) {
    return fault('parentSpanId', 16, span.parentSpanId);
  }
  for (const link of span.links ?? []) {
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
  return text === undefined || text === null || ZEROS.test(text) ? '' : text.toLowerCase();
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
