import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { type Chain, startChain, type Tracing } from './support/chain.ts';
import { type BenchCollector, startBenchCollector } from './support/collector.ts';
import { type Load, startLoad } from './support/load.ts';
import { ratios, row } from './support/row.ts';

const modes: readonly Tracing[] = ['untraced', 'traced', 'stock'];
/**
 * Each connection has one request on its way at any moment. With 20, services find one or two
 * requests in a turn of their event loop, and take turns on the cores so often that each turn meets
 * caches which other processes have just filled. With 200 there are some ten requests a turn in
 * gateway and auth, and more than two in user, by far the quickest: the cores are as busy as a
 * chain keeps them whose slowest service runs on one of two.
 */
const levels = { few: 20, saturated: 200 } as const;
type Level = keyof typeof levels;
const levelNames = Object.keys(levels) as Level[];
/** V8 still compiles some hundred functions after 10,000 requests, and a tenth of that after these. */
const warmupRequests = 20_000;
const windows = 12;
const windowMs = 400;

/** What one run of one mode came to. */
interface Account {
  requests: number;
  elapsedMs: number;
  cpuMs: number;
}

type Accounts = Record<Tracing, Account>;

/** What one run came to at one number of connections. */
interface LevelResult {
  readonly accounts: Accounts;
  readonly collectorMicros: number;
  /** Part of the cores' time in which they did nothing, 0 to 1, while there was load. */
  readonly idle: number;
}

export default {
  name: 'chain',
  description:
    'CPU per request of the three services together, and throughput, with work set to zero, every ' +
    'request sampled and exported, at two numbers of connections, of which the second saturates ' +
    'the chain: untraced, traced, and traced by the stock instrumentations. The modes take turns ' +
    'of 0.4 s; ratios are of totals within a run',
  async run({ runs, say }) {
    const results: Record<Level, LevelResult[]> = { few: [], saturated: [] };
    for (let run = 1; run <= runs; run++) {
      const ofRun = await runOnce();
      for (const level of levelNames) {
        results[level].push(ofRun[level]);
        const costs = modes.map(
          (mode) => `${mode} ${cpuMicros(ofRun[level].accounts[mode]).toFixed(0)} µs`,
        );
        say(`run ${run} of ${runs}, ${levels[level]} connections: ${costs.join(', ')} a request`);
      }
    }
    return levelNames.flatMap((level) => rowsOf(level, results[level]));
  },
} satisfies Benchmark;

function rowsOf(level: Level, results: readonly LevelResult[]): BenchmarkRow[] {
  const at = `, ${levels[level]} connections`;
  const cpu = (mode: Tracing) => results.map(({ accounts }) => cpuMicros(accounts[mode]));
  const throughput = (mode: Tracing) =>
    results.map(({ accounts }) => (accounts[mode].requests / accounts[mode].elapsedMs) * 1000);
  const target = level === 'saturated' ? ({ relation: '<=', value: 1.2 } as const) : undefined;
  return [
    row(`CPU traced / untraced${at}`, '×', ratios(cpu('traced'), cpu('untraced')), target),
    row(`CPU stock instrumentations / untraced${at}`, '×', ratios(cpu('stock'), cpu('untraced'))),
    ...modes.map((mode) => row(`CPU a request, ${mode}${at}`, 'µs', cpu(mode))),
    row(
      `CPU a request, collector${at}`,
      'µs',
      results.map(({ collectorMicros }) => collectorMicros),
    ),
    row(
      `cores idle${at}`,
      '%',
      results.map(({ idle }) => idle * 100),
    ),
    row(
      `throughput traced / untraced${at}`,
      '×',
      ratios(throughput('traced'), throughput('untraced')),
    ),
    ...modes.map((mode) => row(`throughput, ${mode}${at}`, 'requests/s', throughput(mode))),
  ];
}

function cpuMicros({ cpuMs, requests }: Account): number {
  return (cpuMs * 1000) / requests;
}

async function cpuOf(chain: Chain): Promise<number> {
  return [...(await chain.stats()).values()].reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** Milliseconds of all cores since the machine started. */
function coreTimes(): { idleMs: number; totalMs: number } {
  let idleMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    idleMs += times.idle;
    totalMs += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idleMs, totalMs };
}

/** Fresh processes each run: how V8 happens to compile a process is part of the spread. */
async function runOnce(): Promise<Record<Level, LevelResult>> {
  const collector = await startBenchCollector();
  const load: Load = startLoad();
  const chains = new Map<Tracing, Chain>();
  try {
    for (const mode of modes) chains.set(mode, await startChain(mode, collector.otlpUrl));
    for (const chain of chains.values()) {
      for (const level of levelNames) {
        const requests = warmupRequests / levelNames.length;
        await load.run({ ...orderFor(chain, level), durationMs: 60_000, requests });
      }
    }
    const few = await measure(chains, 'few', load, collector);
    return { few, saturated: await measure(chains, 'saturated', load, collector) };
  } finally {
    for (const chain of chains.values()) await chain.stop();
    load.stop();
    collector.stop();
  }
}

function orderFor(chain: Chain, level: Level) {
  return { url: `${chain.url('gateway')}/users/42`, connections: levels[level] };
}

async function measure(
  chains: ReadonlyMap<Tracing, Chain>,
  level: Level,
  load: Load,
  collector: BenchCollector,
): Promise<LevelResult> {
  await sleep(1500); // the last batches of what was before go out
  const accounts = {} as Accounts;
  for (const [mode, chain] of chains) {
    accounts[mode] = { requests: 0, elapsedMs: 0, cpuMs: -(await cpuOf(chain)) };
  }
  const collectorBeforeMs = await collector.cpuMs();
  let idleMs = 0;
  let totalMs = 0;
  for (let window = 0; window < windows; window++) {
    const turns = [...chains];
    for (const [mode, chain] of window % 2 === 0 ? turns : turns.toReversed()) {
      const before = coreTimes();
      const result = await load.run({
        ...orderFor(chain, level),
        durationMs: windowMs,
        requests: 1e9,
      });
      const after = coreTimes();
      idleMs += after.idleMs - before.idleMs;
      totalMs += after.totalMs - before.totalMs;
      accounts[mode].requests += result.requests;
      accounts[mode].elapsedMs += result.elapsedMs;
    }
  }
  // Stock exports every 5 s: what it still holds is part of its cost.
  await sleep(5500);
  for (const [mode, chain] of chains) accounts[mode].cpuMs += await cpuOf(chain);
  const collectorMs = (await collector.cpuMs()) - collectorBeforeMs;
  const exported = accounts.traced.requests + accounts.stock.requests;
  return { accounts, collectorMicros: (collectorMs * 1000) / exported, idle: idleMs / totalMs };
}
