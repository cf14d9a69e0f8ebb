import { randomBytes } from 'node:crypto';
import {
  type Context,
  context as contextApi,
  INVALID_SPAN_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { RecordedSpan, type SpanOwner } from './recordedSpan.ts';
import type { SharedAttributes } from './sharedAttributes.ts';

/** The part of a tracer that a service uses. */
export interface SpanStarter {
  startSpan(name: string, options?: SpanOptions, context?: Context): Span;
}

/**
 * Starts spans as the SDK's tracer does with its default sampler: a root is sampled, a child if its
 * parent is. It saves most of what the SDK's tracer costs a request; see {@link RecordedSpan}. The
 * attributes of the options become the span's own: they must not be shared.
 */
export class RequestTracer implements SpanStarter {
  readonly #owner: SpanOwner;

  constructor(owner: SpanOwner) {
    this.#owner = owner;
  }

  startSpan(
    name: string,
    options: SpanOptions = {},
    context: Context = contextApi.active(),
    shared: SharedAttributes | null = null,
  ): Span {
    if (isTracingSuppressed(context)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const parent = options.root ? undefined : trace.getSpanContext(context);
    const spanContext = childOf(parent);
    if ((spanContext.traceFlags & TraceFlags.SAMPLED) === 0)
      return trace.wrapSpanContext(spanContext);
    const { kind = SpanKind.INTERNAL, attributes = {}, startTime } = options;
    return new RecordedSpan(
      this.#owner,
      name,
      kind,
      spanContext,
      parent,
      shared,
      attributes,
      startTime,
      context,
    );
  }
}

/** Starts a span that shares attributes with many; its own, in the options, have other keys. */
export function startSharing(
  tracer: SpanStarter,
  name: string,
  shared: SharedAttributes,
  options: SpanOptions,
  context?: Context,
): Span {
  if (tracer instanceof RequestTracer) return tracer.startSpan(name, options, context, shared);
  const attributes = { ...shared.values, ...options.attributes };
  return tracer.startSpan(name, { ...options, attributes }, context);
}

/** Sets attributes that a span shares with many. None of them may be set yet. */
export function share(span: Span, attributes: SharedAttributes): void {
  if (span instanceof RecordedSpan) span.share(attributes);
  else span.setAttributes(attributes.values);
}

/** Says that a trace id is random throughout, as ours are (W3C Trace Context, level 2, 3.2.2.5.2). */
const randomFlag = 0b10;

/** A parent's ids and flags are valid: a propagator that lets others through is at fault. */
function childOf(parent: SpanContext | undefined): SpanContext {
  const spanId = randomHex(16);
  if (parent === undefined) {
    const traceId = randomHex(32);
    return { traceId, spanId, traceFlags: TraceFlags.SAMPLED | randomFlag };
  }
  const { traceId, traceFlags, traceState } = parent;
  return traceState === undefined
    ? { traceId, spanId, traceFlags }
    : { traceId, spanId, traceFlags, traceState };
}

let pool = '';
let poolUsed = 0;

/** `digits` random hexadecimal digits. Asking for randomness once for many ids saves most of it. */
function randomHex(digits: number): string {
  if (poolUsed + digits > pool.length) {
    pool = randomBytes(4096).toString('hex');
    poolUsed = 0;
  }
  poolUsed += digits;
  return pool.slice(poolUsed - digits, poolUsed);
}
