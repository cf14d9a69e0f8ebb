import { afterAll, beforeAll } from 'vitest';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import { testSource } from '../traces/sourceCases.ts';
import { Stack } from './tools/stack.ts';
import { until } from './tools/until.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.create();
  await Promise.all([stack.startJaeger(), stack.startCollector()]);
});
afterAll(() => stack.stop());

testSource('the real Jaeger behind the real collector', async () => ({
  queryUrl: stack.queryUrl,
  async store(spans) {
    const body = JSON.stringify(encodeOtlpJson(spans));
    const headers = { 'content-type': 'application/json' };
    await fetch(`${stack.otlpUrl}/v1/traces`, { method: 'POST', body, headers });
    const source = new JaegerSource(stack.queryUrl);
    await until('the spans to be stored', 10_000, async () => {
      for (const { traceId, spanId } of spans) {
        const stored = await source.getTrace(traceId);
        if (!stored?.some((span) => span.spanId === spanId)) return undefined;
      }
      return true;
    });
  },
}));
