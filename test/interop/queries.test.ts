import { afterAll, beforeAll, expect, test } from 'vitest';
import { comparedParts, metricNames } from '../dashboards/promql.ts';
import { askedQueries } from '../dashboards/queries.ts';
import {
  isAlwaysWritten,
  onlyInTrouble,
  onlyWithOption,
  writtenMetrics,
} from '../dashboards/writtenMetrics.ts';
import { type ComposeMesh, startComposeMesh } from './composeMesh.ts';
import { PrometheusApi } from './prometheusApi.ts';
import { Stack } from './tools/stack.ts';
import { until } from './tools/until.ts';

/** What the page promises: every panel has data within a minute of the start. */
const firstDataMs = 60_000;

const asked = askedQueries();
/** What must have data: for an alert the parts that it compares, for all is well. */
const parts = asked.flatMap((query) =>
  (query.asks === 'rule' ? comparedParts(query.expr) : [query.expr])
    .filter((expr) => [...metricNames(expr)].some(isAlwaysWritten))
    .map((expr) => ({ ...query, expr })),
);

let stack: Stack;
let mesh: ComposeMesh;
let prometheus: PrometheusApi;
let secondsToData: number;

beforeAll(async () => {
  stack = await Stack.startAll();
  prometheus = new PrometheusApi(stack.prometheusUrl);
  const startMs = performance.now();
  mesh = await startComposeMesh(stack);
  // All at once in the end, not each at some time: that is how a page is looked at.
  await until('all queries to have data', firstDataMs, async () =>
    (await withoutData()).length === 0 ? true : undefined,
  ).catch(() => {}); // Each test says for its own query what is missing.
  secondsToData = (performance.now() - startMs) / 1000;
});

afterAll(async () => {
  await mesh?.stop();
  await stack?.stop();
});

async function withoutData(): Promise<string[]> {
  const results = await Promise.all(
    parts.map(async ({ expr }) => ((await prometheus.query(expr)).length === 0 ? [expr] : [])),
  );
  return results.flat();
}

test.each(parts)('$where has data: $expr', async ({ expr }) => {
  expect(await prometheus.query(expr)).not.toEqual([]);
});

test('all of them had data within a minute of the start of the mesh', () => {
  expect(secondsToData).toBeLessThan(firstDataMs / 1000 + 5);
});

test.each(
  Object.entries(writtenMetrics).flatMap(([writer, names]) =>
    names.filter(isAlwaysWritten).map((name) => ({ writer, name })),
  ),
)('$name is written by $writer', async ({ name }) => {
  expect(await prometheus.query(name)).not.toEqual([]);
});

test.each(asked.filter(({ exemplars }) => exemplars))(
  '$where leads from a dot to a trace that Jaeger has',
  async ({ expr }) => {
    const exemplars = await prometheus.exemplars(expr);
    const traceId = exemplars.at(-1)?.labels.trace_id;
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    // The metric may have been quicker than the trace.
    await until(`Jaeger to have the trace ${traceId}`, 10_000, async () => {
      const response = await fetch(`${stack.queryUrl}/api/v3/traces/${traceId}`);
      await response.text();
      return response.ok ? true : undefined;
    });
  },
);

test('each pause is drawn once, at the time at which it began', async () => {
  const [annotation] = asked.filter(({ asks }) => asks === 'annotation');
  const sinceStart = 120;
  const starts = await until('three pauses', 30_000, async () => {
    const values = new Set(await prometheus.values(annotation?.expr ?? '', sinceStart));
    return values.size >= 3 ? values : undefined;
  });
  const made = await prometheus.values('sum(aftershock_pause_duration_seconds_count)', sinceStart);
  // Between the two questions one more may have been made.
  expect(Math.abs(starts.size - Math.max(...made))).toBeLessThanOrEqual(1);
  for (const startUnixMs of starts) {
    expect(startUnixMs).toBeGreaterThan(Date.now() - sinceStart * 1000);
    expect(startUnixMs).toBeLessThanOrEqual(Date.now());
  }
});

test('Prometheus can evaluate every rule', async () => {
  const rules = await until('every rule to be evaluated', 30_000, async () => {
    const all = await prometheus.rules();
    return all.every(({ health }) => health !== 'unknown') ? all : undefined;
  });
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
});

// The last two change the stack.

test('what is counted only in trouble has the name that is read', async () => {
  stack.program('jaeger').kill();
  await stack.program('collector').stop();
  // A queue for some 15 s, batches given up after 10 s, and nobody where Prometheus should be.
  await stack.startCollector([], {
    COLLECTOR_QUEUE_SPANS: '2048',
    COLLECTOR_RETRY_TIME: '10s',
    PROMETHEUS_OTLP_ENDPOINT: 'http://127.0.0.1:1',
  });
  await untilWritten(onlyInTrouble);
});

test('what is counted only with an option has the name that is read', async () => {
  await stack.program('collector').stop();
  await Promise.all([stack.startJaeger(), stack.startCollector(['tail-sampling'])]);
  await untilWritten(onlyWithOption);
});

async function untilWritten(names: ReadonlySet<string>): Promise<void> {
  for (const name of names) {
    await until(`${name} to be written`, 90_000, async () =>
      (await prometheus.query(name)).length > 0 ? true : undefined,
    );
  }
}
