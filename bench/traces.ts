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
function rate(spans: number, work: () => unknown): number {
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
    const growth = growthOfTime(runs);
    say(`time a span, of 100,000 / of 1,000: ${growth.map((each) => each.toFixed(2)).join(', ')}`);
    const control = growthOfParsing(runs);
    return [
      row('from decoded OTLP JSON, traces of 20 spans', unit, rates.objects, atLeast(300_000)),
      row('from bytes of JSON', unit, rates.json, atLeast(100_000)),
      row('from bytes of protobuf', unit, rates.protobuf, atLeast(100_000)),
      row('from decoded OTLP JSON, traces of 1,000 spans', unit, rates.small),
      row('from decoded OTLP JSON, a trace of 100,000 spans', unit, rates.large),
      row('time a span, one trace of 100,000 / 100 of 1,000, all kept', '×', growth),
      row('the same of JSON.parse alone', '×', control.kept),
      row('the same of JSON.parse alone, of 1,000 each let go', '×', control.letGo),
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

/**
 * Time a span of one trace of 100,000, divided by that of 100 of 1,000. All are kept until the end of
 * a run: what is alive is what the collector of garbage has to move, however many traces it is.
 */
function growthOfTime(runs: number): number[] {
  const small = Array.from({ length: 100 }, (_, i) => freshly(1000, i));
  const large = [freshly(100_000, 0)];
  const work = (requests: readonly object[]) => () =>
    requests.map((request) => {
      const trace = new Trace(decodeOtlpJson(request).spans);
      return [trace, trace.criticalPath, trace.blame];
    });
  return paired(runs, work(large), work(small));
}

/** What of it is the machine's and the collector's: none of it is ours. */
function growthOfParsing(runs: number): { kept: number[]; letGo: number[] } {
  const small = Array.from({ length: 100 }, (_, i) => JSON.stringify(traceRequest(1000, i)));
  const large = JSON.stringify(traceRequest(100_000, 0));
  const parseLarge = () => JSON.parse(large);
  return {
    kept: paired(runs, parseLarge, () => small.map((text) => JSON.parse(text))),
    letGo: paired(runs, parseLarge, () => {
      for (const text of small) JSON.parse(text);
    }),
  };
}

const freshly = (spanCount: number, i: number): object =>
  JSON.parse(JSON.stringify(traceRequest(spanCount, i)));

/** CPU time of `a` divided by that of `b`, of runs that take turns. */
function paired(runs: number, a: () => unknown, b: () => unknown): number[] {
  const ratios = Array.from({ length: runs + warmUps }, () => {
    const [rateA, rateB] = [rate(spansPerRun, a), rate(spansPerRun, b)];
    return rateB / rateA;
  });
  return ratios.slice(warmUps);
}

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
