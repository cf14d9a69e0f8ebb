import { decodeOtlpJson, decodeOtlpProtobuf } from '../traces/otlp/decode.ts';
import { otlpJsonToProtobuf } from '../traces/otlp/toProtobuf.ts';
import type { Span } from '../traces/span.ts';
import { Trace } from '../traces/trace.ts';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { matcherMicros } from './support/matcherCost.ts';
import { row } from './support/row.ts';
import { traceRequest } from './support/traceRequests.ts';

const spansPerTrace = 20;
const spansPerRun = 100_000;
const warmUps = 3;

/** Spans per CPU-second of this process, its collector of garbage included. */
function rate(spans: number, work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (spans * 1e6) / (user + system);
}

/** All that a trace is asked for, computed once. */
function analyse(spans: readonly Span[]): number {
  const trace = new Trace(spans);
  return trace.criticalPath.length + trace.blame.length;
}

export default {
  name: 'traces',
  description:
    'from OTLP to tree, critical path and blame, spans of 8 attributes, per CPU-second; what a ' +
    'matcher takes on a trace of 10 spans. Each after warm-ups',
  async run({ runs, say }) {
    const requests = Array.from({ length: spansPerRun / spansPerTrace }, (_, i) =>
      traceRequest(spansPerTrace, i),
    );
    const json = requests.map((request) => JSON.stringify(request));
    const protobuf = requests.map((request) => otlpJsonToProtobuf(request).bytes);
    const small = Array.from({ length: spansPerRun / 1000 }, (_, i) => traceRequest(1000, i));
    const large = traceRequest(spansPerRun, 0);
    const decoded = (given: readonly object[]) => () => {
      for (const request of given) analyse(decodeOtlpJson(request).spans);
    };
    const ways = {
      objects: decoded(requests),
      json: () => {
        for (const text of json) analyse(decodeOtlpJson(JSON.parse(text)).spans);
      },
      protobuf: () => {
        for (const bytes of protobuf) analyse(decodeOtlpProtobuf(bytes).spans);
      },
      small: decoded(small),
      large: decoded([large]),
    };
    const names = Object.keys(ways) as (keyof typeof ways)[];
    const rates = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
      keyof typeof ways,
      number[]
    >;
    for (let run = 1 - warmUps; run <= runs; run++) {
      for (const name of names) {
        const value = rate(spansPerRun, ways[name]);
        if (run > 0) rates[name].push(value);
      }
      if (run < 1) continue;
      const told = names.map((name) => `${name} ${Math.round(rates[name].at(-1) ?? 0)}`);
      say(`run ${run} of ${runs}, spans per CPU-second: ${told.join(', ')}`);
    }
    const unit = 'spans per CPU-second';
    const atLeast = (value: number) => ({ relation: '>=', value }) as const;
    const times = rates.large.map((large, i) => (rates.small[i] ?? Number.NaN) / large);
    return [
      row('from decoded OTLP JSON, traces of 20 spans', unit, rates.objects, atLeast(300_000)),
      row('from bytes of JSON', unit, rates.json, atLeast(100_000)),
      row('from bytes of protobuf', unit, rates.protobuf, atLeast(100_000)),
      row('from decoded OTLP JSON, traces of 1,000 spans', unit, rates.small),
      row('from decoded OTLP JSON, a trace of 100,000 spans', unit, rates.large),
      row('time a span, of 100,000 / of 1,000', '×', times),
      ...matcherRows(runs),
    ];
  },
} satisfies Benchmark;

function matcherRows(runs: number): BenchmarkRow[] {
  return [...matcherMicros(runs)].map(([name, micros]) =>
    row(`${name}, 10 spans`, 'µs', micros, { relation: '<=', value: 100 }),
  );
}
