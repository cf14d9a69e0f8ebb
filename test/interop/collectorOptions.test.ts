import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OtlpSpan } from '../../traces/otlp/request.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import {
  attributes,
  newSpanId,
  newTraceId,
  otlpRequest,
  otlpSpan,
  post,
} from '../collector/otlp.ts';
import { PrometheusApi } from './prometheusApi.ts';
import { binary } from './tools/binaries.ts';
import { run } from './tools/run.ts';
import { type CollectorOption, Stack } from './tools/stack.ts';
import { until } from './tools/until.ts';

const folder = fileURLToPath(new URL('../../collector/', import.meta.url));

let stack: Stack;
let jaeger: JaegerSource;
beforeEach(async () => {
  stack = await Stack.create();
  jaeger = new JaegerSource(stack.queryUrl);
});
afterEach(() => stack.stop());

/** A span that ends now. */
function spanNow(durationMs: number, span: OtlpSpan = {}): OtlpSpan {
  const endUnixNano = BigInt(Date.now()) * 1_000_000n;
  return otlpSpan({
    startTimeUnixNano: String(endUnixNano - BigInt(durationMs * 1e6)),
    endTimeUnixNano: String(endUnixNano),
    ...span,
  });
}

async function send(spans: OtlpSpan[]): Promise<number> {
  const response = await post(`${stack.otlpUrl}/v1/traces`, JSON.stringify(otlpRequest(spans)));
  return response.status;
}

/** Sums the collector's own counters whose lines begin so. */
async function counter(beginning: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${stack.ports.collectorMetrics}/metrics`);
  return (await response.text())
    .split('\n')
    .filter((line) => line.startsWith(beginning))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const allOptions: CollectorOption[] = ['disk-queue', 'logs', 'tail-sampling'];
const combinations = Array.from({ length: 2 ** allOptions.length }, (_, bits) =>
  allOptions.filter((_option, index) => bits & (1 << index)),
);

test.each(combinations)(
  'the options %s %s %s are valid together, in any order',
  async (...options) => {
    const otelcol = await binary('otelcol');
    for (const order of [options, options.toReversed()]) {
      const files = ['config.yaml', ...order.map((name) => `options/${name}.yaml`)];
      const { code, output } = await run(
        otelcol,
        ['validate', ...files.flatMap((file) => ['--config', join(folder, file)])],
        { env: { COLLECTOR_QUEUE_DIRECTORY: join(stack.folder, 'queue') } },
      );
      expect(output).toBe('');
      expect(code).toBe(0);
    }
  },
);

describe('tail sampling', () => {
  test('keeps what matters whole, drops the rest, counts all', async () => {
    const prometheus = new PrometheusApi(stack.prometheusUrl);
    await Promise.all([
      stack.startJaeger(),
      stack.startPrometheus(),
      stack.startCollector(allOptions, {
        COLLECTOR_SAMPLING_WAIT: '1s',
        COLLECTOR_SAMPLING_PERCENT: '0',
        COLLECTOR_SAMPLING_SLOW_MS: '60',
      }),
    ]);
    const traces = {
      ordinary: [spanNow(5)],
      'a wait that is no pause': [
        spanNow(5, { attributes: attributes({ 'aftershock.queue.wait_ms': 3 }) }),
      ],
      'the pause itself': [
        spanNow(5, {
          name: 'pause gc',
          kind: 1,
          attributes: attributes({ 'aftershock.pause.kind': 'gc' }),
        }),
      ],
      'a request with the mark of a pause': [
        spanNow(5, { attributes: attributes({ 'aftershock.pause.overlap_ms': 1.5 }) }),
      ],
      'a request with a pause as an event': [
        spanNow(5, {
          events: [{ name: 'pause', attributes: attributes({ 'aftershock.pause.kind': 'gc' }) }],
        }),
      ],
      'a request that failed': [spanNow(5, { status: { code: 2 } })],
      'a slow request': [spanNow(61)],
    };
    for (const spans of Object.values(traces)) {
      // A second span of each trace, which has nothing that a policy looks at.
      spans.push(
        spanNow(1, { traceId: String(spans[0]?.traceId), parentSpanId: String(spans[0]?.spanId) }),
      );
    }
    expect(await send(Object.values(traces).flat())).toBe(200);
    const decided = 'otelcol_processor_tail_sampling_global_count_traces_sampled_total';
    await until('all to be decided', 20_000, async () =>
      (await counter(decided)) === Object.keys(traces).length ? true : undefined,
    );
    // What comes too late follows what was decided.
    const late = Object.values(traces).map(([first]) =>
      spanNow(1, { traceId: String(first?.traceId), parentSpanId: String(first?.spanId) }),
    );
    expect(await send(late)).toBe(200);

    const stored = async (spans: readonly OtlpSpan[]) =>
      (await jaeger.getTrace(String(spans[0]?.traceId)))?.length ?? 0;
    await until('the kept ones to be stored', 20_000, async () => {
      const counts = await Promise.all(Object.values(traces).map(stored));
      return counts.filter((count) => count === 3).length === 5 ? true : undefined;
    });
    const found = await Promise.all(
      Object.entries(traces).map(async ([what, spans]) => [what, await stored(spans)] as const),
    );
    expect(Object.fromEntries(found)).toEqual({
      ordinary: 0,
      'a wait that is no pause': 0,
      'the pause itself': 3,
      'a request with the mark of a pause': 3,
      'a request with a pause as an event': 3,
      'a request that failed': 3,
      'a slow request': 3,
    });
    // Five of seven traces, three spans each; and span metrics have all 21.
    const kept =
      'otelcol_processor_incoming_items_total{otel_signal="traces",processor="resource/kept"';
    expect(await counter(kept)).toBe(15);
    const total = 'sum(traces_span_metrics_calls_total)';
    await until('span metrics of all 21 spans', 20_000, async () =>
      (await prometheus.query(total))[0]?.value === 21 ? true : undefined,
    );
  });
});

describe('the queue', () => {
  const spans = () => Array.from({ length: 500 }, () => spanNow(5));

  async function sentWhileJaegerIsAwayThenKilled(options: CollectorOption[]): Promise<OtlpSpan[]> {
    const first = await stack.startCollector(options);
    const acknowledged = spans();
    expect(await send(acknowledged)).toBe(200);
    first.kill();
    await first.exited;
    await stack.startJaeger();
    await stack.startCollector(options);
    return acknowledged;
  }

  test('on disk: what was acknowledged outlives a kill of the collector', async () => {
    const acknowledged = await sentWhileJaegerIsAwayThenKilled(['disk-queue']);
    const [first, last] = [acknowledged[0], acknowledged.at(-1)];
    await until('the spans of before the kill', 30_000, async () => {
      const found = await Promise.all(
        [first, last].map((span) => jaeger.getTrace(String(span?.traceId))),
      );
      return found.every((trace) => trace !== null) ? true : undefined;
    });
    expect(await counter('otelcol_exporter_sent_spans_total')).toBe(500);
  });

  test('in memory: a kill loses it', async () => {
    const lost = await sentWhileJaegerIsAwayThenKilled([]);
    const marker = spanNow(5, { traceId: newTraceId(), spanId: newSpanId() });
    expect(await send([marker])).toBe(200);
    await until('a span of after the kill', 20_000, async () =>
      (await jaeger.getTrace(String(marker.traceId))) === null ? undefined : true,
    );
    expect(await jaeger.getTrace(String(lost[0]?.traceId))).toBeNull();
  });

  test('full: refuses with 503, counts what it refused, and takes again once Jaeger is back', async () => {
    await stack.startCollector([], { COLLECTOR_QUEUE_SPANS: '2000' });
    const statuses: number[] = [];
    while (statuses.at(-1) !== 503 && statuses.length < 50) statuses.push(await send(spans()));
    expect(statuses.slice(0, 3)).toEqual([200, 200, 200]);
    expect(statuses.at(-1)).toBe(503);
    expect(await counter('otelcol_exporter_enqueue_failed_spans_total')).toBe(500);
    expect(await counter('otelcol_receiver_refused_spans_total')).toBe(500);
    await stack.startJaeger();
    await until('it to take spans again', 30_000, async () =>
      (await send([spanNow(5)])) === 200 ? true : undefined,
    );
  });
});

test('the memory limiter refuses with 503 rather than grow, and takes again once Jaeger is back', async () => {
  await stack.startCollector([], {
    COLLECTOR_MEMORY_LIMIT_MIB: '80',
    COLLECTOR_MEMORY_SPIKE_MIB: '30',
    COLLECTOR_QUEUE_SPANS: '1000000',
  });
  const filler = attributes({ filler: 'x'.repeat(4000) });
  const body = JSON.stringify(
    otlpRequest(Array.from({ length: 500 }, () => spanNow(5, { attributes: filler }))),
  );
  const url = `${stack.otlpUrl}/v1/traces`;
  await until('a refusal', 30_000, async () =>
    (await post(url, body)).status === 503 ? true : undefined,
  );
  expect(await counter('otelcol_receiver_refused_spans_total')).toBeGreaterThanOrEqual(500);
  expect(await counter('otelcol_exporter_enqueue_failed_spans_total')).toBe(0);
  await stack.startJaeger();
  await until('it to take spans again', 60_000, async () =>
    (await send([spanNow(5)])) === 200 ? true : undefined,
  );
});
