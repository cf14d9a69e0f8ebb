import { context, createContextKey, diag, TraceFlags } from '@opentelemetry/api';
import type { EndedSpan, NextProcessor } from './span.ts';

/** What an OpenTelemetry span exporter has, in SDK 2 and 3 alike. */
export interface SpanExporter {
  /** `code` 0: exported. */
  export(spans: never[], done: (result: { code: number; error?: Error }) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

export interface BatchesOptions {
  /** Longest time that a span waits for its batch to fill, in milliseconds; default: 1000. */
  readonly delayMs?: number;
  /** Spans in one batch; default: 512. */
  readonly maxBatchSize?: number;
  /** Spans that wait; default: 8192. What comes when there are so many is dropped, and said. */
  readonly maxQueueSize?: number;
  /** For one export, in milliseconds; default: 30000. */
  readonly timeoutMs?: number;
}

/** The key by which OpenTelemetry's instrumentations know that they are not to trace an exporter. */
const suppressKey = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/**
 * Sends spans to an exporter in batches, one at a time. It is here because the SDK's own batch
 * processor would have to come from the version of the SDK that the service has.
 */
export class Batches implements NextProcessor {
  readonly #exporter: SpanExporter;
  readonly #delayMs: number;
  readonly #maxBatchSize: number;
  readonly #maxQueueSize: number;
  readonly #timeoutMs: number;
  #waiting: EndedSpan[] = [];
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;
  #takenIn = 0;
  #done = 0;
  #dropped = 0;
  #stopped: Promise<void> | null = null;

  constructor(exporter: SpanExporter, options: BatchesOptions = {}) {
    this.#exporter = exporter;
    this.#delayMs = options.delayMs ?? 1000;
    this.#maxBatchSize = options.maxBatchSize ?? 512;
    this.#maxQueueSize = options.maxQueueSize ?? 8192;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
  }

  onEnd(span: EndedSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.#stopped !== null || this.#waiting.length >= this.#maxQueueSize) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(span);
    this.#takenIn++;
    if (this.#waiting.length >= this.#maxBatchSize) this.#send();
    else this.#sendLater();
  }

  /** Resolves when all that has come by now was exported, or given up. */
  async forceFlush(): Promise<void> {
    const last = this.#takenIn;
    while (this.#done < last) {
      this.#send();
      await this.#sending;
    }
    await this.#exporter.forceFlush?.();
  }

  shutdown(): Promise<void> {
    this.#stopped ??= this.forceFlush().then(() => {
      this.#tellDropped();
      return this.#exporter.shutdown();
    });
    return this.#stopped;
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#sending !== null || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, this.#maxBatchSize);
    this.#sending = this.#export(batch).then(() => {
      this.#sending = null;
      this.#done += batch.length;
      this.#tellDropped();
      if (this.#waiting.length >= this.#maxBatchSize) this.#send();
      else if (this.#waiting.length > 0) this.#sendLater();
    });
  }

  #sendLater(): void {
    this.#timer ??= setTimeout(() => this.#send(), this.#delayMs).unref();
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    diag.warn(
      `aftershock/pauses: ${this.#dropped} spans were dropped, ${this.#maxQueueSize} waited`,
    );
    this.#dropped = 0;
  }

  /** Never rejects. */
  async #export(batch: EndedSpan[]): Promise<void> {
    // Some resources are known only after a moment, such as a host's id.
    const resource = batch[0]?.resource as { waitForAsyncAttributes?(): Promise<void> } | undefined;
    await resource?.waitForAsyncAttributes?.();
    await new Promise<void>((resolve) => {
      let look: NodeJS.Immediate | undefined;
      const giveUp = () => {
        diag.error(
          `aftershock/pauses: no answer within ${this.#timeoutMs} ms to ${batch.length} spans`,
        );
        resolve();
      };
      // After a pause the answer may be here, and is read only in the poll that comes next.
      const timer = setTimeout(() => {
        look = setImmediate(giveUp);
      }, this.#timeoutMs);
      const done = ({ code, error }: { code: number; error?: Error }) => {
        clearTimeout(timer);
        clearImmediate(look);
        if (code !== 0) {
          diag.error(`aftershock/pauses: ${batch.length} spans were not exported`, error);
        }
        resolve();
      };
      try {
        context.with(context.active().setValue(suppressKey, true), () =>
          this.#exporter.export(batch as never[], done),
        );
      } catch (error) {
        done({ code: 1, error: error as Error });
      }
    });
  }
}
