import { setImmediate as nextTurn } from 'node:timers/promises';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, test, vi } from 'vitest';
import { PauseProcessor } from '../../pauses/attribution/processor.ts';
import type { EndedSpan } from '../../pauses/attribution/span.ts';
import { pauseDetector } from '../../pauses/detector/detector.ts';
import { asStored, into } from './pausedProcess.ts';

const pauses = 1000;
const maxHeld = 200;

test('a loop that blocks for 1 ms a thousand times on end loses no span and says nothing negative', async () => {
  const logger = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const detector = pauseDetector({ logger, minimumMs: 1 });
  let seen = 0;
  detector.onPause(() => {
    seen++;
  });
  await detector.start();
  const out: EndedSpan[] = [];
  let held = 0;
  const processor = new PauseProcessor({
    detector,
    maxHeld,
    next: {
      ...into(out),
      onEnd(span) {
        out.push(span);
        if (span.name === 'GET') held--;
      },
    },
  });
  const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer('test');
  let mostHeld = 0;
  for (let i = 0; i < pauses; i++) {
    const span = tracer.startSpan('GET', { kind: SpanKind.SERVER }, ROOT_CONTEXT);
    const untilMs = performance.now() + 1;
    while (performance.now() < untilMs);
    held++;
    span.end();
    mostHeld = Math.max(mostHeld, held);
    await nextTurn();
  }
  await processor.shutdown();

  const spans = asStored(out);
  expect(spans.filter(({ name }) => name === 'GET')).toHaveLength(pauses);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  expect(seen).toBeGreaterThan(pauses / 2);
  expect(mostHeld).toBeLessThanOrEqual(maxHeld);
  for (const { startUnixNano, endUnixNano, attributes, events, links } of spans) {
    expect(endUnixNano >= startUnixNano).toBe(true);
    expect(links.length).toBeLessThanOrEqual(32);
    for (const some of [attributes, ...events.map((event) => event.attributes)]) {
      const numbers = Object.values(some).filter((value) => typeof value === 'number');
      expect(numbers.every((value) => value >= 0)).toBe(true);
    }
  }
  expect(logger.error).not.toHaveBeenCalled();
});
