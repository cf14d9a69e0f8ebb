import { context, diag } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { StackContextManager } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Batches, type BatchesOptions } from '../../pauses/attribution/batches.ts';
import type { EndedSpan } from '../../pauses/attribution/span.ts';

const told: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  const tell = (message: string) => void told.push(message);
  const quiet = () => {};
  diag.setLogger({ error: tell, warn: tell, info: quiet, debug: quiet, verbose: quiet });
});

afterEach(() => {
  vi.useRealTimers();
  diag.disable();
  context.disable();
  told.length = 0;
});

function span(name: string, traceFlags = 1): EndedSpan {
  return { name, spanContext: () => ({ traceId: '', spanId: '', traceFlags }) } as EndedSpan;
}

type Answer = 'ok' | 'failed' | 'none' | 'throws';

function batches(answer: Answer, options: BatchesOptions = {}) {
  const exported: string[][] = [];
  let open = 0;
  let mostOpen = 0;
  let suppressed = true;
  const next = new Batches(
    {
      export(spans: never[], done) {
        exported.push((spans as EndedSpan[]).map(({ name }) => name));
        suppressed &&= isTracingSuppressed(context.active());
        mostOpen = Math.max(mostOpen, ++open);
        if (answer === 'throws') throw new Error('no');
        if (answer === 'none') return;
        setTimeout(() => {
          open--;
          done(answer === 'ok' ? { code: 0 } : { code: 1, error: new Error('no') });
        }, 5);
      },
      shutdown: async () => void exported.push(['shutdown']),
    },
    options,
  );
  return { next, exported, state: () => ({ mostOpen, suppressed }) };
}

test('Batches hands spans over when a batch is full or its time is up, one batch at a time', async () => {
  const { next, exported, state } = batches('ok', { maxBatchSize: 2, delayMs: 100 });
  for (const name of ['a', 'b', 'c', 'd', 'e']) next.onEnd(span(name));
  next.onEnd(span('not sampled', 0));
  await vi.advanceTimersByTimeAsync(50);
  expect(exported).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  await vi.advanceTimersByTimeAsync(100);
  expect(exported.at(-1)).toEqual(['e']);
  expect(state().mostOpen).toBe(1);
});

test('Batches lets nobody trace the exporter', async () => {
  context.setGlobalContextManager(new StackContextManager().enable());
  const { next, state } = batches('ok');
  next.onEnd(span('a'));
  await vi.advanceTimersByTimeAsync(1000);
  expect(state().suppressed).toBe(true);
});

test.each<{ answer: Answer; says: RegExp }>([
  { answer: 'failed', says: /2 spans were not exported/ },
  { answer: 'throws', says: /2 spans were not exported/ },
  { answer: 'none', says: /no answer within 500 ms to 2 spans/ },
])('Batches goes on after an export that $answer, and says so', async ({ answer, says }) => {
  const { next, exported } = batches(answer, { maxBatchSize: 2, timeoutMs: 500 });
  for (const name of ['a', 'b', 'c', 'd']) next.onEnd(span(name));
  const flushed = next.forceFlush();
  await vi.advanceTimersByTimeAsync(2000);
  await flushed;
  expect(exported).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(says);
});

test('Batches keeps a bounded number, and says how many it dropped', async () => {
  const { next, exported } = batches('ok', { maxBatchSize: 5, maxQueueSize: 10 });
  for (let i = 0; i < 100; i++) next.onEnd(span(`${i}`));
  const stopped = next.shutdown();
  next.onEnd(span('late'));
  await vi.runAllTimersAsync();
  await stopped;
  await next.shutdown();
  expect(exported.flat()).toHaveLength(16);
  expect(exported.at(-1)).toEqual(['shutdown']);
  expect(told).toEqual(['aftershock/pauses: 86 spans were dropped, 10 waited']);
});
