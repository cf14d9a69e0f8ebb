import { foundBinary } from '../test/interop/tools/binaries.ts';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { RealPrograms, type Taker } from './support/realPrograms.ts';
import { row } from './support/row.ts';
import { type Encoding, SPANS_PER_BODY, SPANS_PER_TRACE, spanBody } from './support/spanBodies.ts';
import { sendBodies } from './support/spanSender.ts';

const BODIES_PER_RUN = 1_000;
const BODIES_TO_WARM_UP = 300;
const BODIES_HELD = 1_000;
/** Of each, before memory is measured: what buffers and caches take stays. */
const BODIES_BEFORE = 100;
const encodings = { JSON: 'application/json', protobuf: 'application/x-protobuf' } as const;

type Say = (line: string) => void;

const benchmark: Benchmark = {
  name: 'realCollector',
  description:
    'the OpenTelemetry Collector and Jaeger with our files, each beside a sender: ' +
    `bodies of ${SPANS_PER_BODY} spans with 8 attributes`,
  async run({ runs, say }) {
    const missing = (['otelcol', 'jaeger'] as const).filter((name) => foundBinary(name) === null);
    if (process.platform !== 'linux' || missing.length > 0) {
      say(
        missing.length > 0
          ? `skipped: ${missing.join(' and ')} not built yet; npm run test:interop builds them`
          : 'skipped: it reads /proc, which only Linux has',
      );
      return [];
    }
    const programs = new RealPrograms();
    try {
      return [
        ...(await rates(programs, runs, say)),
        ...(await memory(programs, Math.min(runs, 3), say)),
        ...(await disk(programs, Math.min(runs, 3), say)),
        row('a span on the wire, protobuf', 'bytes', bodies(encodings.protobuf).map(bytesASpan)),
      ];
    } finally {
      await programs.stop();
      programs.remove();
    }
  },
};

export default benchmark;

/** Work of each program for a span; they take turns. */
async function rates(programs: RealPrograms, runs: number, say: Say): Promise<BenchmarkRow[]> {
  const takers: Readonly<Record<string, Taker>> = {
    collector: await programs.collector(),
    'collector with tail sampling': await programs.samplingCollector('1s', SPANS_PER_TRACE),
    'agent that balances by trace id': await programs.agent(),
    'Jaeger, storing in memory': await programs.jaeger(),
  };
  const sent = new Map<Taker, number>();
  const send = async (taker: Taker, encoding: Encoding, count: number): Promise<number> => {
    const before = taker.process.cpuSeconds();
    await sendBodies(taker.otlpUrl, bodies(encoding), count);
    const total = (sent.get(taker) ?? 0) + count * SPANS_PER_BODY;
    sent.set(taker, total);
    await taker.done(total);
    return (count * SPANS_PER_BODY) / (taker.process.cpuSeconds() - before);
  };
  for (const taker of Object.values(takers)) {
    await send(taker, encodings.protobuf, BODIES_TO_WARM_UP);
  }
  const values = new Map<string, number[]>();
  for (let run = 0; run < runs; run++) {
    for (const [what, taker] of Object.entries(takers)) {
      for (const [name, encoding] of Object.entries(encodings)) {
        const rate = await send(taker, encoding, BODIES_PER_RUN);
        values.set(`${what}, ${name}`, [...(values.get(`${what}, ${name}`) ?? []), rate]);
      }
    }
    const last = [...values].map(([what, list]) => `${what} ${list.at(-1)?.toFixed(0)}`);
    say(`run ${run + 1}, spans per CPU-second: ${last.join('; ')}`);
  }
  await programs.stop();
  return [...values].map(([what, list]) => row(what, 'spans per CPU-second', list));
}

/** Resident memory of each program for a span that it holds; a fresh process for each run. */
async function memory(programs: RealPrograms, runs: number, say: Say): Promise<BenchmarkRow[]> {
  // Port 9 discards, where anything listens at all: nothing leaves the queue.
  const away = { JAEGER_OTLP_ENDPOINT: '127.0.0.1:9' };
  const holders: Readonly<Record<string, () => Promise<Taker>>> = {
    'in the collector’s queue': () => programs.collector(away),
    'waiting for tail sampling': () => programs.samplingCollector('600s', SPANS_PER_TRACE),
    'stored in Jaeger’s memory': () => programs.jaeger(),
  };
  const rows: BenchmarkRow[] = [];
  for (const [where, start] of Object.entries(holders)) {
    const bytes: number[] = [];
    for (let run = 0; run < runs; run++) {
      const { process, otlpUrl, taken } = await start();
      const list = bodies(encodings.protobuf);
      await sendBodies(otlpUrl, list, BODIES_BEFORE);
      await taken(BODIES_BEFORE * SPANS_PER_BODY);
      const before = process.rssBytes();
      await sendBodies(otlpUrl, list, BODIES_HELD);
      await taken((BODIES_BEFORE + BODIES_HELD) * SPANS_PER_BODY);
      bytes.push((process.rssBytes() - before) / (BODIES_HELD * SPANS_PER_BODY));
      await programs.stop();
    }
    say(`a span ${where}: ${bytes.map((value) => value.toFixed(0)).join(', ')} bytes`);
    rows.push(row(`a span ${where}`, 'bytes of RSS', bytes));
  }
  return rows;
}

/** Work and disk of Jaeger with Badger; the disk after a clean stop, which writes tables out. */
async function disk(programs: RealPrograms, runs: number, say: Say): Promise<BenchmarkRow[]> {
  const bytes: number[] = [];
  const rates: number[] = [];
  const spans = BODIES_HELD * SPANS_PER_BODY;
  for (let run = 0; run < runs; run++) {
    const { process, otlpUrl, done, diskBytes } = await programs.jaegerOnDisk();
    const before = process.cpuSeconds();
    await sendBodies(otlpUrl, bodies(encodings.protobuf), BODIES_HELD);
    await done(spans);
    rates.push(spans / (process.cpuSeconds() - before));
    await programs.stop();
    bytes.push(diskBytes() / spans);
    say(`in Badger: ${rates.at(-1)?.toFixed(0)} spans per CPU-second, ${bytes.at(-1)} bytes each`);
  }
  return [
    row('Jaeger, storing in Badger, protobuf', 'spans per CPU-second', rates),
    row('a span in Jaeger’s Badger', 'bytes on disk', bytes),
  ];
}

/** One of each service and route, so that span metrics have series to find. */
function bodies(encoding: Encoding) {
  return Array.from({ length: 20 }, (_, variant) => spanBody(encoding, variant, Date.now()));
}

function bytesASpan(body: ReturnType<typeof spanBody>): number {
  return body.next().length / SPANS_PER_BODY;
}
