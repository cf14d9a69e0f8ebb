import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { settle } from '../../traces/settle.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import type { Span } from '../../traces/span.ts';
import { TraceUnavailableError } from '../../traces/traceIncompleteError.ts';
import { newTraceParent } from '../../traces/traceparent.ts';
import { testSource } from '../traces/sourceCases.ts';
import { traceSourceCases } from '../traces/traceSourceCases.ts';
import { Stack } from './tools/stack.ts';
import { until } from './tools/until.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.create();
  await Promise.all([stack.startJaeger(), stack.startCollector()]);
});
afterAll(() => stack.stop());

async function store(spans: readonly Span[]): Promise<void> {
  const body = JSON.stringify(encodeOtlpJson(spans));
  const headers = { 'content-type': 'application/json' };
  await fetch(`${stack.otlpUrl}/v1/traces`, { method: 'POST', body, headers });
  const source = new JaegerSource(stack.queryUrl);
  await until('the spans to be stored', 10_000, async () => {
    const ids = Map.groupBy(spans, ({ traceId }) => traceId);
    for (const [traceId, wanted] of ids) {
      const stored = new Set((await source.getTrace(traceId))?.map(({ spanId }) => spanId));
      if (!wanted.every(({ spanId }) => stored.has(spanId))) return undefined;
    }
    return true;
  });
}

testSource('the real Jaeger behind the real collector', async () => ({
  queryUrl: stack.queryUrl,
  store,
}));

traceSourceCases('JaegerSource at the real Jaeger behind the real collector', async () => ({
  source: new JaegerSource(stack.queryUrl),
  store,
}));

test('names the page of Jaeger with the trace', async () => {
  const source = new JaegerSource(stack.queryUrl);
  const traceId = 'f'.repeat(32);
  expect(await source.getTrace(traceId)).toBeNull();
  const page = await fetch(source.linkTo(traceId));
  expect([page.status, page.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('text/html'),
  ]);
});

test('settle() says of a Jaeger that has gone that nothing is known, not that the trace is not there', async () => {
  const gone = await Stack.create();
  try {
    await gone.startJaeger();
    const source = new JaegerSource(gone.queryUrl);
    expect(await source.getTrace('f'.repeat(32))).toBeNull();
    await gone.stop();
    const error = await settle(source, newTraceParent(), { timeoutMs: 1500 }).catch((why) => why);
    expect(error).toBeInstanceOf(TraceUnavailableError);
    expect((error as Error).message).toContain(
      `${new URL(gone.queryUrl).origin} cannot be reached`,
    );
  } finally {
    await gone.stop();
  }
});
