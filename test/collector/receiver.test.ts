import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Collector, startCollector } from '../../collector/collector.ts';
import { otlpRequest, otlpSpan, post } from './otlp.ts';
import { receiverCases } from './receiverCases.ts';

let collector: Collector;
const maxBodyBytes = 4 * 1024 * 1024;

beforeAll(async () => {
  collector = await startCollector({ port: 0, queryPort: 0, maxBodyBytes });
});
afterAll(() => collector.stop());

describe('the embedded collector as an OTLP receiver', () => {
  receiverCases({
    otlpUrl: () => collector.otlpUrl,
    maxBodyBytes,
    refusesSingleSpans: true,
  });

  test('counts what it accepts and rejects, by service', async () => {
    const before = collector.stats();
    const spans = [otlpSpan(), otlpSpan(), otlpSpan({ traceId: 'bad' })];
    await post(`${collector.otlpUrl}/v1/traces`, JSON.stringify(otlpRequest(spans, 'counted')));
    await post(
      `${collector.otlpUrl}/v1/traces`,
      JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [otlpSpan()] }] }] }),
    );
    const after = collector.stats();
    expect(after.acceptedByService.counted).toBe(2);
    expect(after.acceptedByService.unknown_service).toBe(1);
    expect(after.rejected - before.rejected).toBe(1);
    expect(after.heldSpans - before.heldSpans).toBe(3);
  });

  test('counts metrics and log records', async () => {
    const before = collector.stats();
    const scopeMetrics = [{ metrics: [{ name: 'a' }, { name: 'b' }] }];
    await post(
      `${collector.otlpUrl}/v1/metrics`,
      JSON.stringify({ resourceMetrics: [{ scopeMetrics }] }),
    );
    const scopeLogs = [{ logRecords: [{ body: { stringValue: 'x' } }] }];
    await post(`${collector.otlpUrl}/v1/logs`, JSON.stringify({ resourceLogs: [{ scopeLogs }] }));
    const after = collector.stats();
    expect([after.metrics - before.metrics, after.logs - before.logs]).toEqual([2, 1]);
  });
});
