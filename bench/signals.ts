import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './benchmark.ts';
import { type Chain, startChain } from './support/chain.ts';
import { startBenchCollector } from './support/collector.ts';
import { startLoad } from './support/load.ts';
import { ratios, row } from './support/row.ts';

/** What is exported. Logs as shipped: no line for a request that went well. */
const variants = {
  traces: {},
  'traces, metrics': { OTEL_METRICS_EXPORTER: 'otlp', OTEL_METRIC_EXPORT_INTERVAL: '5000' },
  'traces, metrics, logs': {
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_METRIC_EXPORT_INTERVAL: '5000',
    OTEL_LOGS_EXPORTER: 'otlp',
  },
} satisfies Record<string, Record<string, string>>;
type Variant = keyof typeof variants;
const names = Object.keys(variants) as Variant[];

const connections = 20;
const warmupRequests = 10_000;
const windows = 12;
const windowMs = 400;

export default {
  name: 'signals',
  description:
    'CPU per request of the three services together, work set to zero, every request sampled and ' +
    'exported, all cores saturated: traces only, with metrics, with metrics and logs. The variants ' +
    'take turns of 0.4 s; ratios are of totals within a run',
  async run({ runs, say }) {
    const micros: Record<Variant, number[]> = {
      traces: [],
      'traces, metrics': [],
      'traces, metrics, logs': [],
    };
    for (let run = 1; run <= runs; run++) {
      const ofRun = await runOnce();
      for (const name of names) micros[name].push(ofRun[name]);
      const costs = names.map((name) => `${name} ${ofRun[name].toFixed(0)} µs`);
      say(`run ${run} of ${runs}: ${costs.join('; ')} a request`);
    }
    const { traces } = micros;
    return [
      ...names
        .filter((name) => name !== 'traces')
        .map((name) => row(`CPU ${name} / traces`, '×', ratios(micros[name], traces))),
      ...names.map((name) => row(`CPU a request, ${name}`, 'µs', micros[name])),
    ];
  },
} satisfies Benchmark;

async function cpuMs(chain: Chain): Promise<number> {
  return [...(await chain.stats()).values()].reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** CPU time of one request in microseconds. Fresh processes each run. */
async function runOnce(): Promise<Record<Variant, number>> {
  const collector = await startBenchCollector();
  const load = startLoad();
  const chains = new Map<Variant, Chain>();
  try {
    for (const name of names) {
      chains.set(name, await startChain('traced', collector.otlpUrl, variants[name]));
    }
    const order = (chain: Chain) => ({ url: `${chain.url('gateway')}/users/42`, connections });
    for (const chain of chains.values()) {
      await load.run({ ...order(chain), durationMs: 60_000, requests: warmupRequests });
    }
    await sleep(1500); // the last batches of the warm-up go out
    const accounts = new Map<Variant, { requests: number; cpuMs: number }>();
    for (const [name, chain] of chains) {
      accounts.set(name, { requests: 0, cpuMs: -(await cpuMs(chain)) });
    }
    for (let window = 0; window < windows; window++) {
      const turns = [...chains];
      for (const [name, chain] of window % 2 === 0 ? turns : turns.toReversed()) {
        const { requests } = await load.run({
          ...order(chain),
          durationMs: windowMs,
          requests: 1e9,
        });
        (accounts.get(name) as { requests: number }).requests += requests;
      }
    }
    await sleep(1500); // what is still held is part of the cost
    const result = {} as Record<Variant, number>;
    for (const [name, chain] of chains) {
      const { requests, cpuMs: before } = accounts.get(name) as { requests: number; cpuMs: number };
      result[name] = ((before + (await cpuMs(chain))) * 1000) / requests;
    }
    return result;
  } finally {
    for (const chain of chains.values()) await chain.stop();
    load.stop();
    collector.stop();
  }
}
