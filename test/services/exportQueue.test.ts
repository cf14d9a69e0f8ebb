import { SpanKind, TraceFlags } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, test } from 'vitest';
import { ExportQueue, type ExportQueueOptions } from '../../services/kit/exportQueue.ts';

function span(traceFlags: TraceFlags = TraceFlags.SAMPLED): ReadableSpan {
  const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags };
  return { name: 'x', kind: SpanKind.INTERNAL, spanContext: () => context } as ReadableSpan;
}

/** An exporter that answers when the test says so. */
function manualExporter() {
  const batches: { size: number; settle: (error?: Error) => void }[] = [];
  const exporter: SpanExporter = {
    export(spans, done) {
      batches.push({
        size: spans.length,
        settle: (error) =>
          done(
            error ? { code: ExportResultCode.FAILED, error } : { code: ExportResultCode.SUCCESS },
          ),
      });
    },
    shutdown: async () => {},
  };
  return { exporter, batches };
}

describe('ExportQueue', () => {
  const losses: [number, string][] = [];
  afterEach(() => losses.splice(0));

  function setUp(options: Partial<ExportQueueOptions> = {}) {
    const { exporter, batches } = manualExporter();
    const queue = new ExportQueue({
      exporter,
      delayMs: 60_000,
      onLoss: (spans, reason) => losses.push([spans, reason]),
      ...options,
    });
    const end = (count: number) => {
      for (let i = 0; i < count; i++) queue.onEnd(span());
    };
    return { queue, batches, end };
  }

  test('sends a batch as soon as it is full, and one at a time', async () => {
    const { queue, batches, end } = setUp({ maxBatchSize: 3 });
    end(2);
    expect(batches).toHaveLength(0);
    end(6);
    expect(batches.map(({ size }) => size)).toEqual([3]);
    batches[0]?.settle();
    await new Promise(setImmediate);
    expect(batches.map(({ size }) => size)).toEqual([3, 3]);
    expect(queue.account()).toEqual({ ended: 8, exported: 3, dropped: 0 });
  });

  test('sends what has waited for the delay', async () => {
    const { batches, end } = setUp({ delayMs: 1 });
    end(2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(batches.map(({ size }) => size)).toEqual([2]);
  });

  test('leaves out spans that were not sampled', () => {
    const { queue } = setUp();
    queue.onEnd(span(TraceFlags.NONE));
    expect(queue.account()).toEqual({ ended: 0, exported: 0, dropped: 0 });
  });

  test('flush waits for the batch in flight and for all behind it', async () => {
    const { queue, batches, end } = setUp({ maxBatchSize: 2 });
    end(5);
    let flushed = false;
    const flush = queue.forceFlush().then(() => {
      flushed = true;
    });
    for (let i = 0; i < 3; i++) {
      expect(flushed).toBe(false);
      batches[i]?.settle();
      await new Promise(setImmediate);
    }
    await flush;
    expect(batches.map(({ size }) => size)).toEqual([2, 2, 1]);
    expect(queue.account()).toEqual({ ended: 5, exported: 5, dropped: 0 });
  });

  test('drops and counts what does not fit, and says so once', async () => {
    const { queue, batches, end } = setUp({ maxBatchSize: 2, maxQueueSize: 3 });
    end(10);
    expect(queue.account()).toEqual({ ended: 10, exported: 0, dropped: 5 });
    expect(losses).toEqual([[1, expect.stringContaining('full with 3 spans')]]);
    const stopped = queue.shutdown();
    for (let i = 0; i < 3; i++) {
      batches[i]?.settle();
      await new Promise(setImmediate);
    }
    await stopped;
    expect(queue.account()).toEqual({ ended: 10, exported: 5, dropped: 5 });
  });

  test('counts a batch that failed as dropped, and goes on', async () => {
    const { queue, batches, end } = setUp({ maxBatchSize: 2 });
    end(4);
    batches[0]?.settle(new Error('HTTP 400'));
    await new Promise(setImmediate);
    batches[1]?.settle();
    await queue.shutdown();
    expect(queue.account()).toEqual({ ended: 4, exported: 2, dropped: 2 });
    expect(losses).toEqual([[2, 'export failed: HTTP 400']]);
  });

  test('counts what the collector rejected of a batch', async () => {
    const { queue, batches, end } = setUp({ maxBatchSize: 5, takeRejected: () => 2 });
    end(5);
    batches[0]?.settle();
    await queue.shutdown();
    expect(queue.account()).toEqual({ ended: 5, exported: 3, dropped: 2 });
  });

  test('gives up at the time limit; an acknowledgement after it changes nothing', async () => {
    const { queue, batches, end } = setUp({ maxBatchSize: 2, stopTimeoutMs: 20 });
    end(5);
    await queue.shutdown();
    const account = { ended: 5, exported: 0, dropped: 5 };
    expect(queue.account()).toEqual(account);
    batches[0]?.settle();
    await new Promise(setImmediate);
    expect(queue.account()).toEqual(account);
    expect(batches).toHaveLength(1);
    end(1);
    expect(queue.account()).toEqual({ ended: 6, exported: 0, dropped: 6 });
  });
});
