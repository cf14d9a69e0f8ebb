import { afterAll, beforeAll } from 'vitest';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import type { Span } from '../../traces/span.ts';
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
