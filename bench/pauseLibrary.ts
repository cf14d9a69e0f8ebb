import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './benchmark.ts';
import { type Chain, startChain } from './support/chain.ts';
import { startBenchCollector } from './support/collector.ts';
import { startLoad } from './support/load.ts';
import { row } from './support/row.ts';

const variants = {
  without: { AFTERSHOCK_ATTRIBUTION: 'off' },
  with: { AFTERSHOCK_ATTRIBUTION: 'on' },
} as const;
type Variant = keyof typeof variants;

/** Few, so that requests meet a machine that has cores to spare, not pauses for want of one. */
const connections = 4;
const warmupRequests = 10_000;
const pairs = 40;
const windowMs = 400;
const idleMs = 5000;
/** 97.5 % of a normal distribution lie below it: with 40 pairs, of Student's, as good as that. */
const quantile = 2.02;

interface RunResult {
  /** CPU of a request with / without, one a pair of windows. */
  readonly ratios: readonly number[];
  /** Microseconds a request. */
  readonly micros: Record<Variant, number>;
  /** Percent of a core that three idle services use. */
  readonly idle: Record<Variant, number>;
}

export default {
  name: 'pauseLibrary',
  description:
    'What it costs traced services to see their pauses and to say whom they hit: CPU per request ' +
    'of the three services together, no work, every request sampled and exported, with and without ' +
    `the library, ${pairs} pairs of windows of 0.4 s a run that take turns; and CPU when idle`,
  async run({ runs, say }) {
    const results: RunResult[] = [];
    for (let run = 1; run <= runs; run++) {
      const result = await runOnce();
      results.push(result);
      const { mean, upper } = estimate(result.ratios);
      say(
        `run ${run} of ${runs}: ${result.micros.without.toFixed(0)} µs a request without, ` +
          `${result.micros.with.toFixed(0)} with: ${mean.toFixed(3)} ×, at most ${upper.toFixed(3)}`,
      );
    }
    const all = estimate(results.flatMap(({ ratios }) => ratios));
    return [
      row('CPU with / without, upper 95 % bound', '×', [all.upper], {
        relation: '<=',
        value: 1.02,
      }),
      row(
        'CPU with / without, mean of a run',
        '×',
        results.map(({ ratios }) => estimate(ratios).mean),
      ),
      row(
        'CPU a request, with',
        'µs',
        results.map(({ micros }) => micros.with),
      ),
      row(
        'CPU a request, without',
        'µs',
        results.map(({ micros }) => micros.without),
      ),
      row(
        'idle, with, a service',
        '% of a core',
        results.map(({ idle }) => idle.with / 3),
      ),
      row(
        'idle, what it adds, a service',
        '% of a core',
        results.map(({ idle }) => (idle.with - idle.without) / 3),
        { relation: '<=', value: 1 },
      ),
    ];
  },
} satisfies Benchmark;

/** The mean of the ratios' logarithms, and the upper end of its 95 % interval. */
function estimate(ratios: readonly number[]): { mean: number; upper: number } {
  const logs = ratios.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
  const error = Math.sqrt(squares / (logs.length - 1) / logs.length);
  return { mean: Math.exp(mean), upper: Math.exp(mean + quantile * error) };
}

async function cpuMs(chain: Chain): Promise<number> {
  return [...(await chain.stats()).values()].reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** Fresh processes each run: how V8 happens to compile a process is part of the spread. */
async function runOnce(): Promise<RunResult> {
  const collector = await startBenchCollector();
  const load = startLoad();
  const chains = new Map<Variant, Chain>();
  const chainOf = (variant: Variant) => chains.get(variant) as Chain;
  try {
    for (const variant of ['without', 'with'] as const) {
      chains.set(variant, await startChain('traced', collector.otlpUrl, variants[variant]));
    }
    const order = (chain: Chain) => ({ url: `${chain.url('gateway')}/users/42`, connections });
    for (const chain of chains.values()) {
      await load.run({ ...order(chain), durationMs: 60_000, requests: warmupRequests });
    }
    await sleep(1500); // the last batches of the warm-up go out

    const idle = { without: 0, with: 0 };
    const before = { without: await cpuMs(chainOf('without')), with: await cpuMs(chainOf('with')) };
    await sleep(idleMs);
    for (const variant of ['without', 'with'] as const) {
      idle[variant] = (100 * ((await cpuMs(chainOf(variant))) - before[variant])) / idleMs;
    }

    const total = { without: { cpu: 0, requests: 0 }, with: { cpu: 0, requests: 0 } };
    const ratios: number[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const micros = { without: 0, with: 0 };
      const turns = ['without', 'with'] as const;
      for (const variant of pair % 2 === 0 ? turns : turns.toReversed()) {
        const chain = chainOf(variant);
        const start = await cpuMs(chain);
        const { requests } = await load.run({
          ...order(chain),
          durationMs: windowMs,
          requests: 1e9,
        });
        const used = (await cpuMs(chain)) - start;
        total[variant].cpu += used;
        total[variant].requests += requests;
        micros[variant] = (used * 1000) / requests;
      }
      ratios.push(micros.with / micros.without);
    }
    const mean = ({ cpu, requests }: { cpu: number; requests: number }) => (cpu * 1000) / requests;
    return { ratios, idle, micros: { without: mean(total.without), with: mean(total.with) } };
  } finally {
    for (const chain of chains.values()) await chain.stop();
    load.stop();
    collector.stop();
  }
}
