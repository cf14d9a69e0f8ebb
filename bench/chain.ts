import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './benchmark.ts';
import { type Chain, startChain, type Tracing } from './support/chain.ts';
import { startBenchCollector } from './support/collector.ts';
import { type Load, startLoad } from './support/load.ts';
import { ratios, row } from './support/row.ts';

const modes: readonly Tracing[] = ['untraced', 'traced', 'stock'];
const connections = 20;
/** Enough for the compiler to have settled: a chain gets cheaper for some ten thousand requests. */
const warmupRequests = 10_000;
const windows = 12;
const windowMs = 400;

/** What one run of one mode came to. */
interface Account {
  requests: number;
  elapsedMs: number;
  cpuMs: number;
}

export default {
  name: 'chain',
  description:
    'CPU per request of the three services together, and throughput, with work set to zero, every ' +
    'request sampled and exported, all cores saturated: untraced, traced, and traced by the stock ' +
    'instrumentations. The modes take turns of 0.4 s; ratios are of totals within a run',
  async run({ runs, say }) {
    const accounts: Record<Tracing, Account[]> = { untraced: [], traced: [], stock: [] };
    const collectorMs: number[] = [];
    for (let run = 1; run <= runs; run++) {
      const { ofRun, collectorCpuMs } = await runOnce();
      for (const mode of modes) accounts[mode].push(ofRun[mode]);
      collectorMs.push(collectorCpuMs / (ofRun.traced.requests + ofRun.stock.requests));
      const costs = modes.map((mode) => `${mode} ${cpuMicros(ofRun[mode]).toFixed(0)} µs`);
      say(`run ${run} of ${runs}: ${costs.join(', ')} a request`);
    }
    const cpu = (mode: Tracing) => accounts[mode].map(cpuMicros);
    const throughput = (mode: Tracing) =>
      accounts[mode].map(({ requests, elapsedMs }) => (requests / elapsedMs) * 1000);
    const target = { relation: '<=', value: 1.2 } as const;
    return [
      row('CPU traced / untraced', '×', ratios(cpu('traced'), cpu('untraced')), target),
      row('CPU stock instrumentations / untraced', '×', ratios(cpu('stock'), cpu('untraced'))),
      ...modes.map((mode) => row(`CPU a request, ${mode}`, 'µs', cpu(mode))),
      row(
        'CPU a request, collector',
        'µs',
        collectorMs.map((ms) => ms * 1000),
      ),
      row(
        'throughput traced / untraced',
        '×',
        ratios(throughput('traced'), throughput('untraced')),
      ),
      ...modes.map((mode) => row(`throughput, ${mode}`, 'requests/s', throughput(mode))),
    ];
  },
} satisfies Benchmark;

function cpuMicros({ cpuMs, requests }: Account): number {
  return (cpuMs * 1000) / requests;
}

async function cpuOf(chain: Chain): Promise<number> {
  return [...(await chain.stats()).values()].reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** Fresh processes each run: how V8 happens to compile a process is part of the spread. */
async function runOnce() {
  const collector = await startBenchCollector();
  const load: Load = startLoad();
  const chains = new Map<Tracing, Chain>();
  try {
    for (const mode of modes) chains.set(mode, await startChain(mode, collector.otlpUrl));
    const order = (chain: Chain) => ({ url: `${chain.url('gateway')}/users/42`, connections });
    for (const chain of chains.values()) {
      await load.run({ ...order(chain), durationMs: 60_000, requests: warmupRequests });
    }
    await sleep(1500); // the last batches of the warm-up go out
    const ofRun = {} as Record<Tracing, Account>;
    for (const [mode, chain] of chains) {
      ofRun[mode] = { requests: 0, elapsedMs: 0, cpuMs: -(await cpuOf(chain)) };
    }
    const collectorBefore = await collector.cpuMs();
    for (let window = 0; window < windows; window++) {
      const turns = [...chains];
      for (const [mode, chain] of window % 2 === 0 ? turns : turns.toReversed()) {
        const result = await load.run({ ...order(chain), durationMs: windowMs, requests: 1e9 });
        ofRun[mode].requests += result.requests;
        ofRun[mode].elapsedMs += result.elapsedMs;
      }
    }
    // Stock exports every 5 s: what it still holds is part of its cost.
    await sleep(5500);
    for (const [mode, chain] of chains) ofRun[mode].cpuMs += await cpuOf(chain);
    return { ofRun, collectorCpuMs: (await collector.cpuMs()) - collectorBefore };
  } finally {
    for (const chain of chains.values()) await chain.stop();
    load.stop();
    collector.stop();
  }
}
