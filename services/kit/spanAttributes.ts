import type { Attributes, Span } from '@opentelemetry/api';

/** The SDK's recording span: its attributes are a plain object, and public for whoever exports it. */
type RecordingSpan = Span & { attributes: Attributes };

/**
 * Gives `attributes` to a span that has none yet, and keeps the object. Handed over at the start of
 * the span they would be copied twice and each value checked twice, with a WeakSet made for each
 * check: as dear as all else that a span costs. Ours are strings and finite numbers by construction.
 */
export function giveAttributes(span: Span, attributes: Attributes): void {
  if (span.isRecording()) (span as RecordingSpan).attributes = attributes;
}

/** Adds one attribute, a string or a finite number, to those that were given. */
export function addAttribute(span: Span, key: string, value: string | number): void {
  if (span.isRecording()) (span as RecordingSpan).attributes[key] = value;
}
