import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attributes, newSpanId, newTraceId, post } from '../collector/otlp.ts';
import { foundBinary } from './tools/binaries.ts';
import { Stack } from './tools/stack.ts';
import { until } from './tools/until.ts';

/** Loki takes ten minutes to build: it is built only where that is asked for. */
const wanted = foundBinary('loki') !== null || process.env.AFTERSHOCK_BUILD_LOKI === '1';
if (!wanted) {
  process.stderr.write('Logs to Loki are not tested: set LOKI, or AFTERSHOCK_BUILD_LOKI=1\n');
}

interface Stream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [string, string])[];
}

describe.runIf(wanted)('logs by OTLP, with the option', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.create();
    await Promise.all([stack.startLoki(), stack.startCollector(['logs'])]);
  });
  afterAll(() => stack?.stop());

  test('a line is found by its trace, under the name of its service alone', async () => {
    const traceId = newTraceId();
    const spanId = newSpanId();
    const log = {
      resourceLogs: [
        {
          resource: {
            attributes: attributes({
              'service.name': 'user',
              'service.instance.id': 'one of many',
              'deployment.environment.name': 'compose',
              'process.command_args': '--token secret',
            }),
          },
          scopeLogs: [
            {
              logRecords: [
                {
                  timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
                  severityText: 'INFO',
                  severityNumber: 9,
                  body: { stringValue: 'Paused' },
                  traceId,
                  spanId,
                },
              ],
            },
          ],
        },
      ],
    };
    expect((await post(`${stack.otlpUrl}/v1/logs`, JSON.stringify(log))).status).toBe(200);

    const query = `{service_name="user"} | trace_id="${traceId}"`;
    const url = `http://127.0.0.1:${stack.ports.loki}/loki/api/v1`;
    const found = await until('the line to be found', 30_000, async () => {
      const response = await fetch(`${url}/query_range?${new URLSearchParams({ query })}`);
      expect(response.status).toBe(200);
      const { data } = (await response.json()) as { data: { result: Stream[] } };
      return data.result[0];
    });
    expect(found.values).toEqual([[expect.any(String), 'Paused']]);
    expect(found.stream).toMatchObject({ trace_id: traceId, span_id: spanId });
    expect(JSON.stringify(found)).not.toContain('secret');

    const labels = (await (await fetch(`${url}/labels`)).json()) as { data: string[] };
    expect(labels.data.toSorted()).toEqual(['deployment_environment_name', 'service_name']);
  });
});
