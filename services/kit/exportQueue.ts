import type { SendResult } from './otlpTransport.ts';
import { retryWaitMs } from './retryWait.ts';

export interface ExportQueueOptions<T> {
  /** Makes the body of a batch; called once a batch, when it is complete. */
  readonly serialize: (items: readonly T[]) => Uint8Array;
  /** One attempt. */
  readonly send: (body: Uint8Array) => Promise<SendResult>;
  /** Called whenever some were given up. */
  readonly onLoss?: (items: number, reason: string) => void;
  /** Called when the collector ceases to take what it is sent, and when it takes it again. */
  readonly onAway?: (reason: string) => void;
  readonly onBack?: (awayMs: number) => void;
  /** Items held, those in flight included. */
  readonly maxQueueSize?: number | undefined;
  /** Length of the bodies held, in bytes. */
  readonly maxQueueBytes?: number;
  readonly maxBatchSize?: number | undefined;
  /** Longest time that an item waits for its batch to fill, in milliseconds. */
  readonly delayMs?: number | undefined;
  /** Time that `shutdown` leaves for the last batches, in milliseconds. */
  readonly stopTimeoutMs?: number;
  /** For the jitter of the backoff. */
  readonly random?: () => number;
}

/** Items since the start, by where they went: `ended = exported + dropped + held`. */
export interface QueueFlow {
  /** Put in. */
  readonly ended: number;
  /** Waiting now, those in flight apart. */
  readonly queued: number;
  /** Most that may be held. */
  readonly capacity: number;
  /** In batches that have been sent at least once. */
  readonly handedOver: number;
  /** Dropped: the queue was full. */
  readonly overflowed: number;
  /** Dropped before they were sent for any other reason: the queue had stopped. */
  readonly late: number;
  /** Acknowledged. */
  readonly exported: number;
  /** Refused one by one, in a batch that was taken (partial success). */
  readonly rejected: number;
  /** In batches that were given up. */
  readonly failed: number;
}

/** A batch that is complete. Its items are not needed any more. */
interface Batch {
  readonly body: Uint8Array;
  readonly size: number;
  sent: boolean;
}

/**
 * Sends items in batches, one in flight at a time, and accounts for each. While the collector is
 * away, batches are kept, and the oldest is tried again until it is taken; only what comes when the
 * queue is full is lost. After `shutdown` nothing is held: `ended = exported + dropped`.
 *
 * A batch is turned into bytes once, when it is complete, and is kept as these: half the memory of
 * the items, outside V8's heap, so that an outage does not make collections longer; and sending a
 * backlog costs the loop nothing but the writing. In numbers: a span is about 0.4 KB, a batch of 512
 * blocks the loop for about 1 ms, and 32,768 spans, the most that is held, are 14 MB; larger ones
 * count by their bytes, 64 MiB in all. A service that ends 200 spans a second (100 requests, two
 * spans each) can do without a collector for 160 s.
 */
export class ExportQueue<T> {
  readonly #serialize: (items: readonly T[]) => Uint8Array;
  readonly #attempt: (body: Uint8Array) => Promise<SendResult>;
  readonly #onLoss: (items: number, reason: string) => void;
  readonly #onAway: (reason: string) => void;
  readonly #onBack: (awayMs: number) => void;
  readonly #maxQueueSize: number;
  readonly #maxQueueBytes: number;
  readonly #maxBatchSize: number;
  readonly #delayMs: number;
  readonly #stopTimeoutMs: number;
  readonly #random: () => number;
  /** What is to be the next batch. */
  #open: T[] = [];
  /** Complete batches, oldest first; the first is in flight while `#sending`. */
  readonly #batches: Batch[] = [];
  #batchedItems = 0;
  #batchedBytes = 0;
  #sending: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Ends the wait between two attempts. */
  #wake: (() => void) | null = null;
  #overflowing = false;
  #stopping = false;
  #closed = false;
  #ended = 0;
  #handedOver = 0;
  #overflowed = 0;
  #late = 0;
  #exported = 0;
  #rejected = 0;
  #failed = 0;

  constructor(options: ExportQueueOptions<T>) {
    this.#serialize = options.serialize;
    this.#attempt = options.send;
    this.#onLoss = options.onLoss ?? (() => {});
    this.#onAway = options.onAway ?? (() => {});
    this.#onBack = options.onBack ?? (() => {});
    this.#maxQueueSize = options.maxQueueSize ?? 32_768;
    this.#maxQueueBytes = options.maxQueueBytes ?? 64 * 2 ** 20;
    this.#maxBatchSize = Math.min(options.maxBatchSize ?? 512, this.#maxQueueSize);
    this.#delayMs = options.delayMs ?? 1000;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? 3000;
    this.#random = options.random ?? Math.random;
  }

  flow(): QueueFlow {
    const [first] = this.#batches;
    const inFlight = first?.sent ? first.size : 0;
    return {
      ended: this.#ended,
      queued: this.#held - inFlight,
      capacity: this.#maxQueueSize,
      handedOver: this.#handedOver,
      overflowed: this.#overflowed,
      late: this.#late,
      exported: this.#exported,
      rejected: this.#rejected,
      failed: this.#failed,
    };
  }

  add(item: T): void {
    this.#ended++;
    if (this.#closed) {
      this.#late++;
      this.#onLoss(1, 'the service had stopped exporting');
      return;
    }
    if (this.#held >= this.#maxQueueSize) {
      this.#overflow(1, `${this.#maxQueueSize} were held`);
      return;
    }
    this.#open.push(item);
    if (this.#open.length >= this.#maxBatchSize) this.#complete();
    else if (this.#sending === null) this.#startTimer();
  }

  /** Resolves when all that was put in by now is exported or dropped, however long that takes. */
  async flush(): Promise<void> {
    const last = this.#ended;
    while (this.#ended - this.#held < last) {
      if (this.#batches.length === 0) this.#complete();
      await this.#sending;
    }
  }

  /** Flushes within the time limit; what is not acknowledged by then is dropped. Idempotent. */
  async shutdown(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#wake?.();
    const timeoutMs = this.#stopTimeoutMs;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.flush(), limit]);
    clearTimeout(timer);
    this.#closed = true;
    this.#stopTimer();
    this.#wake?.();
    const left = this.#held;
    const tried = this.#batches.reduce((sum, { size, sent }) => sum + (sent ? size : 0), 0);
    this.#failed += tried;
    this.#late += left - tried;
    this.#open = [];
    this.#batches.length = 0;
    this.#batchedItems = 0;
    this.#batchedBytes = 0;
    if (left > 0) this.#onLoss(left, `not acknowledged within ${timeoutMs} ms of the stop`);
  }

  get #held(): number {
    return this.#open.length + this.#batchedItems;
  }

  #startTimer(): void {
    this.#timer ??= setTimeout(() => this.#complete(), this.#delayMs).unref();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Makes a batch of what is there, and sees that it is sent. */
  #complete(): void {
    this.#stopTimer();
    const size = this.#open.length;
    if (size === 0) return;
    const items = this.#open;
    this.#open = [];
    let body: Uint8Array;
    try {
      body = this.#serialize(items);
    } catch (error) {
      this.#late += size;
      this.#onLoss(size, `they cannot be put into bytes: ${(error as Error).message}`);
      return;
    }
    if (this.#batchedBytes + body.byteLength > this.#maxQueueBytes) {
      this.#overflow(size, `${this.#batchedBytes} bytes were held`);
      return;
    }
    this.#batches.push({ body, size, sent: false });
    this.#batchedItems += size;
    this.#batchedBytes += body.byteLength;
    if (this.#sending === null) this.#startSending();
  }

  #startSending(): void {
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = null;
      if (this.#closed) return;
      // A batch may have been completed between the last look and now.
      if (this.#batches.length > 0) this.#startSending();
      else if (this.#open.length > 0) this.#startTimer();
    });
  }

  #overflow(items: number, why: string): void {
    this.#overflowed += items;
    if (this.#overflowing) return;
    this.#overflowing = true;
    this.#onLoss(items, `the queue was full, ${why}; more may follow`);
  }

  async #sendAll(): Promise<void> {
    let failures = 0;
    let awayMs = 0;
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      if (!batch.sent) this.#handedOver += batch.size;
      batch.sent = true;
      const result = await this.#attempt(batch.body);
      // The time limit of the stop has counted this batch already.
      if (this.#closed) return;
      if (result.status === 'unavailable') {
        if (failures++ === 0) {
          awayMs = performance.now();
          this.#onAway(result.reason);
        }
        await this.#wait(result.afterMs, failures);
        continue;
      }
      if (failures > 0) this.#onBack(performance.now() - awayMs);
      failures = 0;
      this.#settle(batch, result);
    }
  }

  #settle({ size, body }: Batch, result: Exclude<SendResult, { status: 'unavailable' }>): void {
    this.#batches.shift();
    this.#batchedItems -= size;
    this.#batchedBytes -= body.byteLength;
    this.#overflowing = false;
    if (result.status === 'refused') {
      this.#failed += size;
      this.#onLoss(size, result.reason);
      return;
    }
    const rejected = Math.min(result.rejected, size);
    this.#rejected += rejected;
    this.#exported += size - rejected;
    if (rejected > 0) this.#onLoss(rejected, `rejected by the collector: ${result.reason}`);
  }

  /** Until the next attempt, or the end. */
  #wait(afterMs: number | null, failures: number): Promise<void> {
    const waitMs = retryWaitMs(failures, this.#stopping ? 0 : afterMs, this.#random);
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    }).then(() => {
      this.#wake = null;
    });
  }
}
