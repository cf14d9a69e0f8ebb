import { randomBytes } from 'node:crypto';
import { type SpanContext, TraceFlags } from '@opentelemetry/api';

export function spanId(): string {
  return randomBytes(8).toString('hex');
}

/** Of a root span that is sampled. */
export function rootContext(): SpanContext {
  return {
    traceId: randomBytes(16).toString('hex'),
    spanId: spanId(),
    traceFlags: TraceFlags.SAMPLED,
  };
}
