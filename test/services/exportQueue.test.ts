import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ExportQueue, type ExportQueueOptions } from '../../services/kit/exportQueue.ts';
import type { SendResult } from '../../services/kit/otlpTransport.ts';

const accepted: SendResult = { status: 'accepted', rejected: 0, reason: '' };
const away: SendResult = { status: 'unavailable', afterMs: null, reason: 'ECONNREFUSED' };

describe('ExportQueue', () => {
  const losses: [number, string][] = [];
  const news: string[] = [];
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
    losses.splice(0);
    news.splice(0);
  });

  /** Items are numbers, a body has a byte for each; the collector answers when the test says so. */
  function setUp(options: Partial<ExportQueueOptions<number>> = {}) {
    const sent: { items: number[]; answer: (result: SendResult) => Promise<void> }[] = [];
    const queue = new ExportQueue<number>({
      serialize: (items) => Uint8Array.from(items),
      send: (body) =>
        new Promise((resolve) => {
          sent.push({
            items: [...body],
            answer: async (result) => {
              resolve(result);
              await vi.advanceTimersByTimeAsync(0);
            },
          });
        }),
      delayMs: 60_000,
      random: () => 0.5,
      onLoss: (items, reason) => losses.push([items, reason]),
      onAway: (reason) => news.push(reason),
      onBack: (awayMs) => news.push(`back after ${awayMs} ms`),
      ...options,
    });
    let next = 0;
    const put = (count: number) => {
      for (let i = 0; i < count; i++) queue.add(next++);
    };
    const account = () => {
      const { ended, exported, overflowed, late, rejected, failed } = queue.flow();
      return { ended, exported, dropped: overflowed + late + rejected + failed };
    };
    return { queue, sent, put, account, sizes: () => sent.map(({ items }) => items.length) };
  }

  test('sends a batch as soon as it is full, and one at a time', async () => {
    const { queue, sent, put, sizes } = setUp({ maxBatchSize: 3 });
    put(2);
    expect(sent).toHaveLength(0);
    put(6);
    expect(sizes()).toEqual([3]);
    await sent[0]?.answer(accepted);
    expect(sizes()).toEqual([3, 3]);
    expect(queue.flow()).toMatchObject({ ended: 8, exported: 3, handedOver: 6, queued: 2 });
  });

  test('sends what has waited for the delay', async () => {
    const { put, sizes } = setUp({ delayMs: 1000 });
    put(2);
    await vi.advanceTimersByTimeAsync(999);
    expect(sizes()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sizes()).toEqual([2]);
  });

  test('sends what was put in while the last batch was acknowledged', async () => {
    const { queue, sent, put, sizes } = setUp({ maxBatchSize: 2 });
    put(2);
    // As a continuation of the same promise would: between the last look and the end of sending.
    const acknowledged = sent[0]?.answer(accepted);
    for (let turn = 0; turn < 8; turn++) {
      await Promise.resolve();
      put(2);
    }
    await acknowledged;
    for (let batch = 1; batch < 9; batch++) await sent[batch]?.answer(accepted);
    expect(sizes()).toEqual(Array(9).fill(2));
    expect(queue.flow()).toMatchObject({ ended: 18, exported: 18, queued: 0 });
  });

  test('flush waits for the batch in flight and for all behind it', async () => {
    const { queue, sent, put, account, sizes } = setUp({ maxBatchSize: 2 });
    put(5);
    let flushed = false;
    const flush = queue.flush().then(() => {
      flushed = true;
    });
    for (let i = 0; i < 3; i++) {
      expect(flushed).toBe(false);
      await sent[i]?.answer(accepted);
    }
    await flush;
    expect(sizes()).toEqual([2, 2, 1]);
    expect(account()).toEqual({ ended: 5, exported: 5, dropped: 0 });
  });

  test('tries the oldest batch again, at growing intervals, until it is taken', async () => {
    const { queue, sent, put, sizes } = setUp({ maxBatchSize: 2 });
    put(6);
    for (const waitMs of [1000, 1500, 2250, 3375, 5000, 5000]) {
      await sent.at(-1)?.answer(away);
      const attempts = sent.length;
      await vi.advanceTimersByTimeAsync(waitMs - 1);
      expect(sent).toHaveLength(attempts);
      await vi.advanceTimersByTimeAsync(1);
      expect(sent).toHaveLength(attempts + 1);
      expect(sent.at(-1)?.items).toEqual([0, 1]);
    }
    expect(queue.flow()).toMatchObject({ handedOver: 2, queued: 4, exported: 0 });
    for (let batch = 0; batch < 3; batch++) await sent.at(-1)?.answer(accepted);
    expect(sizes().slice(-3)).toEqual([2, 2, 2]);
    expect(sent.flatMap(({ items }) => items).slice(-6)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(queue.flow()).toMatchObject({ ended: 6, exported: 6, queued: 0, handedOver: 6 });
    expect(losses).toEqual([]);
    expect(news).toEqual(['ECONNREFUSED', 'back after 18125 ms']);
  });

  test.each([
    { afterMs: 7000, waitsMs: 7000 },
    { afterMs: 0, waitsMs: 250 },
    { afterMs: 3_600_000, waitsMs: 60_000 },
  ])('waits $waitsMs ms when the collector asks for $afterMs', async ({ afterMs, waitsMs }) => {
    const { sent, put } = setUp({ maxBatchSize: 1 });
    put(1);
    await sent[0]?.answer({ status: 'unavailable', afterMs, reason: '503' });
    await vi.advanceTimersByTimeAsync(waitsMs - 1);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
  });

  test('drops and counts what does not fit, and says so once', async () => {
    const { queue, sent, put, account } = setUp({ maxBatchSize: 2, maxQueueSize: 5 });
    put(10);
    expect(account()).toEqual({ ended: 10, exported: 0, dropped: 5 });
    expect(losses).toEqual([[1, expect.stringContaining('full, 5 were held')]]);
    const stopped = queue.shutdown();
    for (let i = 0; i < 3; i++) await sent[i]?.answer(accepted);
    await stopped;
    expect(sent.flatMap(({ items }) => items)).toEqual([0, 1, 2, 3, 4]);
    expect(account()).toEqual({ ended: 10, exported: 5, dropped: 5 });
  });

  test('holds no more bytes than it may', async () => {
    const { queue, sent, put, account } = setUp({ maxBatchSize: 2, maxQueueBytes: 5 });
    put(8);
    expect(queue.flow()).toMatchObject({ queued: 2, overflowed: 4 });
    expect(losses).toEqual([[2, expect.stringContaining('full, 4 bytes were held')]]);
    await sent[0]?.answer(accepted);
    put(2);
    expect(account()).toEqual({ ended: 10, exported: 2, dropped: 4 });
  });

  test('counts a batch that is refused as dropped, and goes on', async () => {
    const { queue, sent, put, account } = setUp({ maxBatchSize: 2 });
    put(4);
    await sent[0]?.answer({ status: 'refused', reason: 'the collector answered 400' });
    await sent[1]?.answer(accepted);
    await queue.shutdown();
    expect(account()).toEqual({ ended: 4, exported: 2, dropped: 2 });
    expect(losses).toEqual([[2, 'the collector answered 400']]);
  });

  test('counts what the collector rejected of a batch', async () => {
    const { queue, sent, put, account } = setUp({ maxBatchSize: 5 });
    put(5);
    await sent[0]?.answer({ status: 'accepted', rejected: 2, reason: 'too old' });
    await queue.shutdown();
    expect(account()).toEqual({ ended: 5, exported: 3, dropped: 2 });
    expect(losses).toEqual([[2, 'rejected by the collector: too old']]);
  });

  test('counts what cannot be put into bytes', async () => {
    const { put, account } = setUp({
      maxBatchSize: 2,
      serialize() {
        throw new TypeError('no BigInt');
      },
    });
    put(2);
    expect(account()).toEqual({ ended: 2, exported: 0, dropped: 2 });
    expect(losses).toEqual([[2, 'they cannot be put into bytes: no BigInt']]);
  });

  test('a stop ends the wait for the next attempt, and tries until its time limit', async () => {
    const { queue, sent, put, account } = setUp({ maxBatchSize: 2, stopTimeoutMs: 1000 });
    put(3);
    await sent[0]?.answer({ status: 'unavailable', afterMs: 50_000, reason: '503' });
    const stopped = queue.shutdown();
    await vi.advanceTimersByTimeAsync(0);
    await sent[1]?.answer(away);
    await vi.advanceTimersByTimeAsync(250);
    await sent[2]?.answer(accepted);
    await sent[3]?.answer(accepted);
    await stopped;
    expect(account()).toEqual({ ended: 3, exported: 3, dropped: 0 });
  });

  test('gives up at the time limit; an acknowledgement after it changes nothing', async () => {
    const { queue, sent, put, account } = setUp({ maxBatchSize: 2, stopTimeoutMs: 20 });
    put(5);
    const stopped = queue.shutdown();
    await vi.advanceTimersByTimeAsync(20);
    await stopped;
    const counts = { ended: 5, exported: 0, dropped: 5 };
    expect(account()).toEqual(counts);
    expect(queue.flow()).toMatchObject({ failed: 2, late: 3, queued: 0 });
    await sent[0]?.answer(accepted);
    expect(account()).toEqual(counts);
    expect(sent).toHaveLength(1);
    put(1);
    expect(account()).toEqual({ ended: 6, exported: 0, dropped: 6 });
  });
});
