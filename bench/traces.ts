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
    // One after the other, each with its own input alone: what else is held costs marking.
    const rates = Object.fromEntries(
      Object.entries(inputs).map(([name, prepare]) => {
        const work = prepare();
        for (let warmUp = 0; warmUp < warmUps; warmUp++) work();
        const values = Array.from({ length: runs }, () => rate(spansPerRun, work));
        say(`${name}: ${values.map((value) => Math.round(value)).join(', ')} spans per CPU-second`);
        return [name, values];
      }),
    ) as Record<keyof typeof inputs, number[]>;
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

/** Requests as JSON.parse gives them: so many that they do not stay in the processor's caches. */
function parsed(spanCount: number): object[] {
  const different = Math.max(1, 20_000 / spanCount);
  return Array.from({ length: different }, (_, i) =>
    JSON.parse(JSON.stringify(traceRequest(spanCount, i))),
  );
}

function repeated<T>(spanCount: number, given: readonly T[], decode: (each: T) => readonly Span[]) {
  const times = spansPerRun / spanCount / given.length;
  return () => {
    for (let time = 0; time < times; time++) for (const each of given) analyse(decode(each));
  };
}

const decoded = (spanCount: number) => () =>
  repeated(spanCount, parsed(spanCount), (request) => decodeOtlpJson(request).spans);

/** Each gives what a run does: to analyse `spansPerRun` spans. */
const inputs = {
  objects: decoded(spansPerTrace),
  json: () => {
    const bytes = parsed(spansPerTrace).map((request) => Buffer.from(JSON.stringify(request)));
    return repeated(
      spansPerTrace,
      bytes,
      (each) => decodeOtlpJson(JSON.parse(each.toString('utf8'))).spans,
    );
  },
  protobuf: () => {
    const bytes = parsed(spansPerTrace).map((request) => otlpJsonToProtobuf(request).bytes);
    return repeated(spansPerTrace, bytes, (each) => decodeOtlpProtobuf(each).spans);
  },
  small: decoded(1000),
  large: decoded(100_000),
};

function matcherRows(runs: number): BenchmarkRow[] {
  return [...matcherMicros(runs)].map(([name, micros]) =>
    row(`${name}, 10 spans`, 'µs', micros, { relation: '<=', value: 100 }),
  );
}
