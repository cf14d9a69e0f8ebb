import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { ExportQueue, type ExportQueueOptions, type QueueFlow } from './exportQueue.ts';
import type { SpanAccount } from './protocol.ts';

/** The flow of sampled spans; `started - ended - sampledOut` are live. */
export interface SpanFlow extends QueueFlow {
  readonly started: number;
  /** Ended, and then not kept by a sampler: they never come here. */
  readonly sampledOut: number;
}

/**
 * Hands ended spans to an {@link ExportQueue}. (The SDK's own batch processor drops without a word
 * when its queue is full, and its flush forgets the batch in flight.)
 */
export class SpanQueue implements SpanProcessor {
  readonly #queue: ExportQueue<ReadableSpan>;
  #started = 0;
  #sampledOut = 0;

  constructor(options: ExportQueueOptions<ReadableSpan>) {
    this.#queue = new ExportQueue(options);
  }

  account(): SpanAccount {
    const { ended, exported, overflowed, late, rejected, failed } = this.#queue.flow();
    return { ended, exported, dropped: overflowed + late + rejected + failed };
  }

  flow(): SpanFlow {
    return { ...this.#queue.flow(), started: this.#started, sampledOut: this.#sampledOut };
  }

  onStart(): void {
    this.#started++;
  }

  addSampledOut(spans: number): void {
    this.#sampledOut += spans;
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.#queue.add(span);
  }

  forceFlush(): Promise<void> {
    return this.#queue.flush();
  }

  shutdown(): Promise<void> {
    return this.#queue.shutdown();
  }
}
