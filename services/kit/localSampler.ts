import { type Span as ApiSpan, type Context, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { PausedAttribute } from '../../pauses/attribution/attributes.ts';
import { derivedSpan } from '../../pauses/attribution/derivedSpan.ts';
import { PauseAttribute } from '../../pauses/strategy.ts';
import { Attribute } from './attributes.ts';
import {
  randomnessOf,
  receivedThreshold,
  thresholdOf,
  withThreshold,
} from './samplingThreshold.ts';

/** Header of an answer whose sender keeps its part of the trace: the caller is to keep its own. */
export const keepHeader = 'x-trace-keep';

export interface LocalSamplerOptions {
  readonly next: SpanProcessor;
  /** Share of the traces that are kept though nothing happened to them, 0 to 1. */
  readonly ratio: number;
  /** Told of spans that are not kept. */
  readonly onSampledOut?: (spans: number) => void;
  /** Most spans held; default 20,000. Beyond it the oldest part is decided by what is known of it. */
  readonly maxHeld?: number;
}

/** What this process has of a trace. */
interface Part {
  /** Server spans that have not ended. */
  readonly open: Set<string>;
  readonly spans: ReadableSpan[];
  matters: boolean;
}

/**
 * A request that waited so long for its handler was most likely hit by a pause, of which there is
 * no evidence yet when it is answered.
 */
const pauseLikeMs = 10;
/** For so long after a pause, every wait is taken for its backlog. */
const backlogMs = 250;

/** Traces whose decision is remembered, for spans that end after it. */
const maxDecided = 10_000;

/**
 * Holds the spans of a trace until the requests that they belong to have ended here, and then keeps
 * the part if a pause, an error or a time-out touched it, or a callee said that it keeps its own;
 * what is left is sampled by consistent probability, as an equalizing downstream sampler: the same
 * traces in every process, and no threshold of an earlier stage is lowered. What is kept because it
 * matters has no known probability, so it tells no threshold.
 *
 * A service below has decided before those above it know what befell them, so that a kept part may
 * lack its callees': whole traces need a collector that samples.
 */
export class LocalSampler implements SpanProcessor {
  readonly #next: SpanProcessor;
  readonly #options: LocalSamplerOptions;
  readonly #threshold: string | null;
  readonly #maxHeld: number;
  /** By trace id, oldest first. */
  readonly #parts = new Map<string, Part>();
  readonly #decided = new Map<string, boolean>();
  #held = 0;
  /** When the last pause was told, by `performance.now()`. */
  #pausedMs = Number.NEGATIVE_INFINITY;

  constructor(options: LocalSamplerOptions) {
    this.#options = options;
    this.#next = options.next;
    this.#threshold = thresholdOf(options.ratio);
    this.#maxHeld = options.maxHeld ?? 20_000;
  }

  /** Something happened to this trace: its part here is kept. */
  keep(traceId: string): void {
    const part = this.#parts.get(traceId);
    if (part) part.matters = true;
  }

  /** A pause hit whatever is here now. */
  keepOpen(): void {
    this.#pausedMs = performance.now();
    for (const part of this.#parts.values()) part.matters = true;
  }

  /** Asked when a request is answered: whether it is known by now that its trace matters. */
  keepsAnswered(span: ApiSpan, status: number): boolean {
    const part = this.#parts.get(span.spanContext().traceId);
    if (!part) return false;
    const { attributes } = span as Partial<ReadableSpan>;
    const waitMs = attributes?.[PausedAttribute.waitMs];
    const backlog = performance.now() - this.#pausedMs < backlogMs;
    part.matters ||= status >= 500 || Number(waitMs) >= (backlog ? 0 : pauseLikeMs);
    return part.matters;
  }

  onStart(span: Span, context: Context): void {
    this.#next.onStart(span, context);
    if (span.kind !== SpanKind.SERVER) return;
    const { traceId, spanId } = span.spanContext();
    const part = this.#parts.get(traceId);
    if (part) part.open.add(spanId);
    else this.#parts.set(traceId, { open: new Set([spanId]), spans: [], matters: false });
    if (this.#parts.size + this.#held > this.#maxHeld) this.#decideOldest();
  }

  onEnd(span: ReadableSpan): void {
    const { traceId, spanId } = span.spanContext();
    const part = this.#parts.get(traceId);
    if (!part) {
      const kept = this.#decided.get(traceId);
      this.#pass([span], kept === true || matters(span));
      return;
    }
    part.spans.push(span);
    part.matters ||= matters(span);
    this.#held++;
    part.open.delete(spanId);
    if (part.open.size === 0) this.#decide(traceId, part);
    else if (this.#parts.size + this.#held > this.#maxHeld) this.#decideOldest();
  }

  forceFlush(): Promise<void> {
    return this.#next.forceFlush();
  }

  shutdown(): Promise<void> {
    for (const [traceId, part] of this.#parts) this.#decide(traceId, part);
    return this.#next.shutdown();
  }

  #decideOldest(): void {
    for (const [traceId, part] of this.#parts) {
      this.#decide(traceId, part);
      return;
    }
  }

  #decide(traceId: string, part: Part): void {
    this.#parts.delete(traceId);
    this.#held -= part.spans.length;
    const [oldest] = this.#decided.keys();
    if (oldest !== undefined && this.#decided.size >= maxDecided) this.#decided.delete(oldest);
    this.#decided.set(traceId, part.matters);
    this.#pass(part.spans, part.matters);
  }

  #pass(spans: readonly ReadableSpan[], matters: boolean): void {
    let sampledOut = 0;
    for (const span of spans) {
      const { traceId, traceState } = span.spanContext();
      const received = receivedThreshold(traceState);
      const threshold = higher(received, this.#threshold);
      const byChance = threshold !== null && randomnessOf(traceId, traceState) >= threshold;
      if (!matters && !byChance) {
        sampledOut++;
        continue;
      }
      const told = byChance ? threshold : null;
      this.#next.onEnd(told === received ? span : withToldThreshold(span, told));
    }
    if (sampledOut > 0) this.#options.onSampledOut?.(sampledOut);
  }
}

/** Of a part of a trace, one such span is enough. */
function matters({ status, attributes }: ReadableSpan): boolean {
  return (
    status.code === SpanStatusCode.ERROR ||
    attributes[ATTR_ERROR_TYPE] !== undefined ||
    attributes[Attribute.timeoutVerdict] !== undefined ||
    attributes[PausedAttribute.overlapMs] !== undefined ||
    attributes[PausedAttribute.role] !== undefined ||
    attributes[PauseAttribute.kind] !== undefined
  );
}

/** null rejects all, and is so the highest; a threshold not received is none. */
function higher(received: string | null, own: string | null): string | null {
  if (own === null || received === null) return own;
  return received > own ? received : own;
}

function withToldThreshold(span: ReadableSpan, threshold: string | null): ReadableSpan {
  const spanContext = span.spanContext();
  const traceState = withThreshold(spanContext.traceState, threshold);
  const { traceState: _, ...rest } = spanContext;
  const told = traceState === undefined ? rest : { ...rest, traceState };
  return derivedSpan(span, { context: told }) as ReadableSpan;
}
