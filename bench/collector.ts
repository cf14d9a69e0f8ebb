import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { foundBinary } from '../test/interop/tools/binaries.ts';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import type { CollectorUsage } from './support/collectorProcess.ts';
import { RealPrograms, type Taker } from './support/realPrograms.ts';
import { ratios, row } from './support/row.ts';
import { type Encoding, SPANS_PER_BODY, type SpanBody, spanBody } from './support/spanBodies.ts';
import { sendBodies } from './support/spanSender.ts';

const PROCESS = fileURLToPath(new URL('./support/collectorProcess.ts', import.meta.url));
const BODIES_PER_RUN = 1_000;
const BODIES_TO_WARM_UP = 2_000;
const HELD_SPANS = 1_000_000;
/** One that is there (a twentieth of the spans has it), and one that is not. */
const ATTRIBUTES = { found: '{"http.response.status_code":"503"}', missing: '{"no.such":"one"}' };

interface Target {
  readonly child: ChildProcess;
  readonly otlpUrl: string;
  readonly queryUrl: string;
}

const benchmark: Benchmark = {
  name: 'collector',
  description: `ingest, memory and queries of the embedded collector: bodies of ${SPANS_PER_BODY} spans with 8 attributes`,
  async run({ runs, say }) {
    const target = await start();
    const programs = new RealPrograms();
    try {
      const real = await realCollector(programs, say);
      const lists = {
        JSON: bodies('application/json'),
        protobuf: bodies('application/x-protobuf'),
      };
      const names = Object.keys(lists) as (keyof typeof lists)[];
      const rates = { JSON: [] as number[], protobuf: [] as number[] };
      const realRates = { JSON: [] as number[], protobuf: [] as number[] };
      for (const url of [target.otlpUrl, ...(real ? [real.otlpUrl] : [])]) {
        await sendBodies(url, Object.values(lists).flat(), BODIES_TO_WARM_UP);
      }
      const before = await usage(target);
      for (let run = 0; run < runs; run++) {
        for (const name of names) {
          const ourSeconds = async () => (await usage(target)).cpuSeconds;
          rates[name].push(await rate(target.otlpUrl, lists[name], ourSeconds));
          let told = `${name} ${rates[name].at(-1)?.toFixed(0)}`;
          if (real) {
            const realSeconds = async () => real.process.cpuSeconds();
            realRates[name].push(await rate(real.otlpUrl, lists[name], realSeconds));
            told += `, OpenTelemetry Collector ${realRates[name].at(-1)?.toFixed(0)}`;
          }
          say(`run ${run + 1}: ${told} spans per CPU-second`);
        }
      }
      const missing = HELD_SPANS / SPANS_PER_BODY - BODIES_TO_WARM_UP - 2 * runs * BODIES_PER_RUN;
      await sendBodies(target.otlpUrl, lists.protobuf, Math.max(0, missing));
      const after = await usage(target);
      const stored = SPANS_PER_BODY * (2 * runs * BODIES_PER_RUN + Math.max(0, missing));
      const heldBytes = (after.heldBytes - before.heldBytes) / stored;
      const beside = 'ingest against the OpenTelemetry Collector throwing all away';
      return [
        row('ingest, JSON', 'spans per CPU-second', rates.JSON, { relation: '>=', value: 130_000 }),
        row('ingest, protobuf', 'spans per CPU-second', rates.protobuf, {
          relation: '>=',
          value: 200_000,
        }),
        ...(real ? names : []).map((name) =>
          row(`${beside}, ${name}`, '×', ratios(rates[name], realRates[name])),
        ),
        row('held per stored span', 'bytes', [heldBytes], { relation: '<=', value: 1_000 }),
        ...(await queries(target, lists.JSON[0] as SpanBody)),
      ];
    } finally {
      target.child.disconnect();
      await once(target.child, 'exit');
      await programs.stop();
      programs.remove();
    }
  },
};

export default benchmark;

async function start(): Promise<Target> {
  const child = fork(PROCESS, { execArgv: ['--expose-gc'] });
  const [urls] = (await once(child, 'message')) as [{ otlpUrl: string; queryUrl: string }];
  return { child, ...urls };
}

function bodies(encoding: Encoding): SpanBody[] {
  return Array.from({ length: 20 }, (_, variant) => spanBody(encoding, variant, Date.now()));
}

async function usage({ child }: Target): Promise<CollectorUsage> {
  child.send('usage');
  const [answer] = (await once(child, 'message')) as [CollectorUsage];
  return answer;
}

/** An OpenTelemetry Collector that throws all away, where there is one; else it says why not. */
async function realCollector(
  programs: RealPrograms,
  say: (line: string) => void,
): Promise<Taker | null> {
  if (process.platform === 'linux' && foundBinary('otelcol') !== null) return programs.sink();
  say(
    process.platform === 'linux'
      ? 'not beside the OpenTelemetry Collector: not built yet; npm run test:interop builds it'
      : 'not beside the OpenTelemetry Collector: its CPU time is in /proc, which only Linux has',
  );
  return null;
}

/** Spans per CPU-second of the process that takes them, all its threads. */
async function rate(
  otlpUrl: string,
  list: readonly SpanBody[],
  cpuSeconds: () => Promise<number>,
): Promise<number> {
  const before = await cpuSeconds();
  await sendBodies(otlpUrl, list, BODIES_PER_RUN);
  return (BODIES_PER_RUN * SPANS_PER_BODY) / ((await cpuSeconds()) - before);
}

async function queries(target: Target, last: SpanBody): Promise<BenchmarkRow[]> {
  await sendBodies(target.otlpUrl, [last], 1);
  const find = (parameters: Record<string, string>) =>
    `/api/v3/traces?${new URLSearchParams({
      'query.start_time_min': '2000-01-01T00:00:00Z',
      'query.start_time_max': '2100-01-01T00:00:00Z',
      'query.service_name': 'user',
      'query.num_traces': '20',
      ...parameters,
    })}`;
  const searches: Record<string, string> = {
    service: find({}),
    'service and operation': find({ 'query.operation_name': 'GET /login' }),
    'duration that no span has': find({ 'query.duration_min': '1h' }),
    'time without spans': find({ 'query.start_time_max': '2000-01-02T00:00:00Z' }),
    attribute: find({ 'query.attributes': ATTRIBUTES.found }),
    'attribute that no span has': find({ 'query.attributes': ATTRIBUTES.missing }),
    'attribute and duration that never meet': find({
      'query.attributes': ATTRIBUTES.found,
      'query.duration_min': '1h',
    }),
  };
  const rows: BenchmarkRow[] = [];
  for (const [what, path] of Object.entries(searches)) {
    const timesMs = await timesOf(target.queryUrl + path);
    rows.push(
      row(`search by ${what}, of 1,000,000 spans`, 'ms', timesMs, { relation: '<=', value: 50 }),
    );
  }
  const timesMs = await timesOf(`${target.queryUrl}/api/v3/traces/${last.traceId()}`);
  rows.push(row('trace by id, of 1,000,000 spans', 'ms', timesMs, { relation: '<=', value: 5 }));
  return rows;
}

/** Time of a query as its client sees it. */
async function timesOf(url: string): Promise<number[]> {
  const timesMs: number[] = [];
  for (let i = 0; i < 12; i++) {
    const startMs = performance.now();
    const response = await fetch(url);
    await response.arrayBuffer();
    timesMs.push(performance.now() - startMs);
    if (response.status !== 200 && response.status !== 404)
      throw new Error(`${url}: ${response.status}`);
  }
  return timesMs.slice(2); // the first ones compile
}
