import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { startChain, type Tracing } from './support/chain.ts';
import { startBenchCollector } from './support/collector.ts';
import { startLoad } from './support/load.ts';
import { row } from './support/row.ts';

const requests = 10_000;
const connections = 20;

export default {
  name: 'article',
  description:
    '10,000 requests at 20 connections: mean latency, requests a second and memory, for one service ' +
    'and for the chain of three, untraced and traced. Work is set to zero, processes are fresh',
  async run({ runs, say }) {
    const rows: BenchmarkRow[] = [];
    const values = new Map<string, { unit: string; values: number[] }>();
    const note = (what: string, unit: string, value: number) => {
      const entry = values.get(what) ?? { unit, values: [] };
      values.set(what, entry);
      entry.values.push(value);
    };
    for (let run = 1; run <= runs; run++) {
      for (const tracing of ['untraced', 'traced'] satisfies Tracing[]) {
        const collector = await startBenchCollector();
        const load = startLoad();
        const chain = await startChain(tracing, collector.otlpUrl);
        for (const [what, service] of [
          ['one service', 'user'],
          ['chain of three', 'gateway'],
        ] as const) {
          const url = `${chain.url(service)}/users/42`;
          const result = await load.run({ url, connections, durationMs: 120_000, requests });
          const stats = await chain.stats();
          const alone = service === 'user' ? [stats.get('user')] : [...stats.values()];
          const rssBytes = alone.reduce((sum, of) => sum + (of?.rssBytes ?? 0), 0);
          note(`${what}, ${tracing}: mean latency`, 'ms', result.meanLatencyMs);
          note(
            `${what}, ${tracing}: throughput`,
            'requests/s',
            (requests / result.elapsedMs) * 1000,
          );
          note(`${what}, ${tracing}: memory`, 'MB', rssBytes / 1e6);
        }
        await chain.stop();
        load.stop();
        collector.stop();
      }
      say(`run ${run} of ${runs}`);
    }
    for (const [what, entry] of values) rows.push(row(what, entry.unit, entry.values));
    return rows;
  },
} satisfies Benchmark;
