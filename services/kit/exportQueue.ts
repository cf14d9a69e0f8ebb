import { type Context, context, TraceFlags } from '@opentelemetry/api';
import { ExportResultCode, suppressTracing } from '@opentelemetry/core';
import type { ReadableSpan, Span, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanAccount } from './protocol.ts';
import type { SpanFlow } from './spanMetrics.ts';

export interface ExportQueueOptions {
  readonly exporter: SpanExporter;
  /** Spans of the batch just acknowledged that the collector rejected; asked once a batch. */
  readonly takeRejected?: () => number;
  /** Called for every batch that was given up. */
  readonly onLoss?: (spans: number, reason: string) => void;
  /** Spans held beside the batch in flight. */
  readonly maxQueueSize?: number;
  readonly maxBatchSize?: number;
  /** Longest time that a span waits for its batch to fill. */
  readonly delayMs?: number;
  /** Time that `shutdown` leaves for the last batches. */
  readonly stopTimeoutMs?: number;
}

/**
 * Hands ended spans to an exporter in batches, one in flight at a time, and accounts for each:
 * `ended = exported + dropped + held`, and after `shutdown` nothing is held. (The SDK's own batch
 * processor drops without a word when its queue is full, and its flush forgets the batch in flight.)
 */
export class ExportQueue implements SpanProcessor {
  readonly #exporter: SpanExporter;
  readonly #takeRejected: () => number;
  readonly #onLoss: (spans: number, reason: string) => void;
  readonly #maxQueueSize: number;
  readonly #maxBatchSize: number;
  readonly #delayMs: number;
  readonly #stopTimeoutMs: number;
  #queue: ReadableSpan[] = [];
  #inFlight: Promise<void> | null = null;
  #inFlightSize = 0;
  #timer: NodeJS.Timeout | null = null;
  #overflowing = false;
  #closed = false;
  #started = 0;
  #ended = 0;
  #exported = 0;
  #overflowed = 0;
  #late = 0;
  #handedOver = 0;
  #rejected = 0;
  #failed = 0;

  constructor(options: ExportQueueOptions) {
    this.#exporter = options.exporter;
    this.#takeRejected = options.takeRejected ?? (() => 0);
    this.#onLoss = options.onLoss ?? (() => {});
    this.#maxQueueSize = options.maxQueueSize ?? 16_384;
    this.#maxBatchSize = options.maxBatchSize ?? 1024;
    this.#delayMs = options.delayMs ?? 1000;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? 3000;
  }

  account(): SpanAccount {
    return { ended: this.#ended, exported: this.#exported, dropped: this.#dropped };
  }

  /** Where the spans are now. */
  flow(): SpanFlow {
    return {
      started: this.#started,
      ended: this.#ended,
      queued: this.#queue.length,
      capacity: this.#maxQueueSize,
      handedOver: this.#handedOver,
      overflowed: this.#overflowed,
      late: this.#late,
      exported: this.#exported,
      rejected: this.#rejected,
      failed: this.#failed,
    };
  }

  onStart(_span: Span, _context: Context): void {
    this.#started++;
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    this.#ended++;
    if (this.#closed) {
      this.#late++;
      this.#onLoss(1, 'the service had stopped exporting');
      return;
    }
    if (this.#queue.length >= this.#maxQueueSize) {
      this.#overflowed++;
      if (!this.#overflowing) {
        this.#overflowing = true;
        this.#onLoss(1, `the queue was full with ${this.#maxQueueSize} spans; more may follow`);
      }
      return;
    }
    this.#queue.push(span);
    if (this.#inFlight !== null) return;
    if (this.#queue.length >= this.#maxBatchSize) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), this.#delayMs).unref();
  }

  /** Resolves when all spans ended by now are exported or dropped. */
  async forceFlush(): Promise<void> {
    const last = this.#ended;
    while (this.#settled < last) {
      if (this.#inFlight === null) this.#send();
      await this.#inFlight;
    }
  }

  /** Flushes within the time limit; what is not acknowledged by then is dropped. */
  async shutdown(): Promise<void> {
    if (this.#closed) return;
    const timeoutMs = this.#stopTimeoutMs;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.forceFlush(), limit]);
    this.#closed = true;
    clearTimeout(timer);
    if (this.#timer !== null) clearTimeout(this.#timer);
    const left = this.#queue.length + this.#inFlightSize;
    this.#late += this.#queue.length;
    this.#failed += this.#inFlightSize;
    this.#queue = [];
    this.#inFlightSize = 0;
    if (left > 0) this.#onLoss(left, `not acknowledged within ${timeoutMs} ms of the stop`);
  }

  get #dropped(): number {
    return this.#overflowed + this.#late + this.#rejected + this.#failed;
  }

  get #settled(): number {
    return this.#exported + this.#dropped;
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#queue.length === 0) return;
    const batch =
      this.#queue.length <= this.#maxBatchSize
        ? this.#queue
        : this.#queue.slice(0, this.#maxBatchSize);
    this.#queue = batch === this.#queue ? [] : this.#queue.slice(this.#maxBatchSize);
    this.#inFlightSize = batch.length;
    this.#handedOver += batch.length;
    this.#inFlight = this.#export(batch).finally(() => {
      this.#inFlight = null;
      this.#overflowing = false;
      if (this.#closed) return;
      if (this.#queue.length >= this.#maxBatchSize) this.#send();
      else if (this.#queue.length > 0) {
        this.#timer ??= setTimeout(() => this.#send(), this.#delayMs).unref();
      }
    });
  }

  async #export(batch: readonly ReadableSpan[]): Promise<void> {
    const failure = await this.#handOver(batch);
    // Nothing in flight: the time limit of the stop has counted this batch already.
    if (this.#inFlightSize === 0) return;
    this.#inFlightSize = 0;
    if (failure !== null) {
      this.#failed += batch.length;
      this.#onLoss(batch.length, failure);
      return;
    }
    const rejected = Math.min(this.#takeRejected(), batch.length);
    this.#rejected += rejected;
    this.#exported += batch.length - rejected;
    if (rejected > 0) this.#onLoss(rejected, 'rejected by the collector (partial success)');
  }

  /** Resolves with why the export failed, or null. */
  #handOver(batch: readonly ReadableSpan[]): Promise<string | null> {
    return new Promise<string | null>((resolve) => {
      context.with(suppressTracing(context.active()), () => {
        this.#exporter.export([...batch], ({ code, error }) => {
          if (code === ExportResultCode.SUCCESS) resolve(null);
          else resolve(`export failed: ${error?.message ?? 'unknown error'}`);
        });
      });
    }).catch((error: Error) => `export failed: ${error.message}`);
  }
}
