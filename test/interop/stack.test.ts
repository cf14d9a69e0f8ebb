import { afterAll, beforeAll, expect, test } from 'vitest';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import type { Span } from '../../traces/span.ts';
import { spanTree } from '../../traces/tree.ts';
import { runMeshExample } from '../traces/meshExample.ts';
import { type ComposeMesh, startComposeMesh } from './composeMesh.ts';
import { PrometheusApi } from './prometheusApi.ts';
import { Stack } from './tools/stack.ts';
import { until } from './tools/until.ts';

let stack: Stack;
let mesh: ComposeMesh;
let jaeger: JaegerSource;
let prometheus: PrometheusApi;

beforeAll(async () => {
  stack = await Stack.startAll();
  jaeger = new JaegerSource(stack.queryUrl);
  prometheus = new PrometheusApi(stack.prometheusUrl);
  mesh = await startComposeMesh(stack);
});
afterAll(async () => {
  await mesh?.stop();
  await stack?.stop();
});

/** The first trace with a span of this service and name that is as `fits` says. */
function findTrace(
  service: string,
  operation: string,
  fits: (spans: readonly Span[]) => boolean,
): Promise<Span[]> {
  return until(`a trace with "${operation}" of ${service}`, 40_000, async () => {
    const endUnixNano = BigInt(Date.now()) * 1_000_000n;
    const startUnixNano = endUnixNano - 60_000_000_000n;
    const search = { service, operation, startUnixNano, endUnixNano };
    for await (const spans of jaeger.searchTraces(search)) if (fits(spans)) return spans;
    return undefined;
  });
}

test('a request is one trace in Jaeger, from the load to the database', async () => {
  const spans = await findTrace('load', 'GET /users/{id}', (found) => found.length === 7);
  const path: string[] = [];
  let [node] = spanTree(spans).roots;
  while (node) {
    const { resource, kind, name } = node.span;
    path.push(`${resource.attributes['service.name']} ${kind} ${name}`);
    [node] = node.children;
  }
  expect(path).toEqual([
    'load client GET /users/{id}',
    'gateway server GET /users/:id',
    'gateway client GET /users/:id',
    'auth server GET /users/:id',
    'auth client GET /users/:id',
    'user server GET /users/:id',
    'user client SELECT users',
  ]);
  // Each hop's stamp is in what its callee got.
  for (const { kind, traceState } of spans) if (kind === 'server') expect(traceState).not.toBe('');
  for (const { resource } of spans) {
    expect(resource.attributes['deployment.environment.name']).toBe('compose');
    expect(Object.keys(resource.attributes).filter((key) => key.startsWith('process.'))).toEqual(
      [],
    );
  }
});

test('a pause is a trace of its own, and says what it was', async () => {
  const [pause, ...others] = await findTrace('user', 'pause gc', () => true);
  expect(others).toEqual([]);
  expect(pause).toMatchObject({
    parentSpanId: '',
    kind: 'internal',
    attributes: { 'aftershock.pause.kind': 'gc', 'aftershock.pause.phase': 'poll' },
  });
});

test('an exemplar of the span metrics is a trace that Jaeger has', async () => {
  const expr = 'traces_span_metrics_duration_milliseconds_bucket{service_name="load"}';
  const traceId = await until('an exemplar', 40_000, async () => {
    const exemplars = await prometheus.exemplars(expr);
    return exemplars.at(-1)?.labels.trace_id;
  });
  const spans = await until('its trace', 10_000, async () => {
    const found = await jaeger.getTrace(traceId);
    return found ?? undefined;
  });
  expect(spans.map(({ resource }) => resource.attributes['service.name'])).toContain('load');
});

test("the example's trace tests pass, with Jaeger for their source", async () => {
  const addresses = { GATEWAY_URL: mesh.entryUrl, TRACES_URL: stack.queryUrl };
  expect(await runMeshExample(addresses)).toMatch(/5 passed/);
});

test('span metrics are of services and not of their processes', async () => {
  const samples = await prometheus.query('traces_span_metrics_calls_total{service_name="auth"}');
  expect(samples).not.toEqual([]);
  for (const { metric } of samples) {
    expect(metric).not.toHaveProperty('service_instance_id');
    expect(metric).not.toHaveProperty('instance');
  }
});

test.each(['latencies', 'calls', 'errors'])("Jaeger's Monitor tab has %s", async (what) => {
  const parameters = new URLSearchParams({
    service: 'user',
    groupByOperation: 'true',
    quantile: '0.95',
    lookback: '60000',
    step: '5000',
    ratePer: '60000',
  });
  const url = `${stack.queryUrl}/api/metrics/${what}?${parameters}`;
  const points = await until(`points at ${url}`, 40_000, async () => {
    const response = await fetch(url);
    expect(response.status).toBe(200);
    const body = (await response.json()) as {
      metrics: {
        labels: { name: string; value: string }[];
        metricPoints: { gaugeValue: { doubleValue: number | 'NaN' } }[];
      }[];
    };
    const operation = body.metrics.find(({ labels }) =>
      labels.some(({ value }) => value === 'GET /users/:id'),
    );
    return operation?.metricPoints.filter(({ gaugeValue }) => gaugeValue.doubleValue !== 'NaN');
  });
  expect(points.length).toBeGreaterThan(0);
});

test('the page gets our configuration', async () => {
  // Without the page's own files Jaeger answers with a placeholder, but it reads the file at start.
  expect(stack.program('jaeger').log()).toContain('dashboards/jaeger/ui.json');
});

test('neither collector nor Jaeger has anything to complain of', () => {
  for (const name of ['collector', 'jaeger'] as const) {
    const complaints = stack
      .program(name)
      .log()
      .split('\n')
      .filter((line) => /\b(warn|error|deprecat\w*)\b/i.test(line))
      // The Go module comes without the page's files.
      .filter((line) => !line.includes('ui assets not embedded'));
    expect(complaints, name).toEqual([]);
  }
});

// The last one: it ends the mesh.
test('every span that was ended is stored, and the metrics say so', async () => {
  await mesh.stop();
  const totals = {
    ended: 'sum(aftershock:spans_ended_total)',
    exported: 'sum(otel_sdk_exporter_span_exported_total)',
    received: 'sum(otelcol_receiver_accepted_spans_total{job="collector"})',
    sent: 'sum(otelcol_exporter_sent_spans_total{job="collector"})',
    stored: 'sum(otelcol_exporter_sent_spans_total{job="jaeger"})',
  };
  let counts: Record<string, number> = {};
  await until('the stages to agree', 30_000, async () => {
    const entries = Object.entries(totals).map(async ([stage, expr]) => {
      const [sample] = await prometheus.query(expr);
      return [stage, sample?.value ?? 0] as const;
    });
    counts = Object.fromEntries(await Promise.all(entries));
    return new Set(Object.values(counts)).size === 1 ? true : undefined;
  }).catch(() => {});
  expect(counts.ended).toBeGreaterThan(0);
  expect(new Set(Object.values(counts)), JSON.stringify(counts)).toHaveProperty('size', 1);
});
