import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { PausedAttribute } from '../../pauses/attribution/attributes.ts';
import { PauseProcessor } from '../../pauses/attribution/processor.ts';
import type { EndedSpan } from '../../pauses/attribution/span.ts';
import { pauseDetector } from '../../pauses/detector/detector.ts';
import blockStrategy from '../../pauses/strategies/block.ts';
import { into } from './pausedProcess.ts';

const { strike: block } = blockStrategy();

/** What is let go in one turn of the loop after a pause: for longer than a span is held at most. */
const burst = 30;
const workMs = 5;

test('who was hit says so also where the burst after the pause is one long turn of the loop', async () => {
  const detector = pauseDetector();
  await detector.start();
  const out: EndedSpan[] = [];
  const processor = new PauseProcessor({ detector, next: into(out) });
  const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer('test');
  const begin = () => tracer.startSpan('GET', { kind: SpanKind.SERVER }, ROOT_CONTEXT);
  await sleep(5); // the loop has rested
  const hit = Array.from({ length: burst }, begin);
  await nextTurn();
  setImmediate(block, 100);
  // All immediates of a turn are called one after the other, each a callback of its own.
  for (const span of hit) {
    setImmediate(() => {
      const other = begin();
      block(workMs);
      other.end();
      span.end();
    });
  }
  await nextTurn();
  await processor.shutdown();

  const ids = new Set(hit.map((span) => span.spanContext().spanId));
  const roles = out
    .filter((span) => ids.has(span.spanContext().spanId))
    .map(({ attributes }) => attributes[PausedAttribute.role]);
  expect(roles).toEqual(Array(burst).fill('hit'));
});
