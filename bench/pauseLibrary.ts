import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './benchmark.ts';
import type { PoissonArrivals } from './support/closedLoop.ts';
import { type BenchCollector, startBenchCollector } from './support/collector.ts';
import { type Load, startLoad } from './support/load.ts';
import { ratios, row } from './support/row.ts';
import type { TracedExpressUsage } from './support/tracedExpress.ts';

/** `control` is a second one without: what it differs by is chance. */
const variants = ['without', 'control', 'with'] as const;
type Variant = (typeof variants)[number];

/**
 * Requests a second: as many as one of them serves, its core saturated, each in its turn; or so many
 * to each at the same time, by chance, which must leave the cores some rest. What a process uses while
 * it has no requests is a figure of its own, and in none of these.
 */
const levels = [
  { name: 'saturated', path: '/users/42' },
  { name: 'saturated, some 1 ms of computing a request', path: '/work/42' },
  { name: 'saturated, asking another service', path: '/orders/42' },
  { name: '1000 requests/s', path: '/users/42', rate: 1000 },
  { name: '200 requests/s', path: '/users/42', rate: 200 },
] as const;
const connections = 4;
/** By then V8 has compiled nearly all of it, of which the library adds some. */
const warmupRequests = { '/users/42': 20_000, '/work/42': 1000, '/orders/42': 3000 };
const turns = 6;
/** Long against the time for which spans are held: what is left of a turn is exported outside of it. */
const turnMs = 600;
const windowMs = 2500;
const pairsARun = 5;
const idleMs = 2000;
/** What a service still holds of the last requests, it has exported by then, and come to rest. */
const restMs = 1200;

const hasTaskset = existsSync('/usr/bin/taskset');
/**
 * All on the same core, where that can be: a virtual machine's cores need not be equally fast, and a
 * process stays where it was first put.
 */
const onOneCore = hasTaskset
  ? { execPath: '/usr/bin/taskset', execArgv: ['--cpu-list', '0', process.execPath] }
  : {};

interface Service {
  readonly child: ChildProcess;
  readonly origin: string;
}
interface Subject extends Service {
  readonly load: Load;
}
type Subjects = Record<Variant, Subject>;
/** Microseconds of CPU a request, by level. */
type Pair = Record<Variant, { readonly micros: readonly number[]; readonly idle: number }>;

export default {
  name: 'pauseLibrary',
  description:
    'What it costs a service to see its pauses and to say whom they hit: an Express service traced ' +
    "by OpenTelemetry's SDK and instrumentations of http and Express, every request exported; CPU " +
    'of the whole process for a request. Pairs of fresh processes, with and without, and a second ' +
    `without as a control; ${pairsARun} pairs a run, whose numbers are the seeds of their arrivals`,
  usualRuns: 6,
  async run({ runs, say }) {
    if (!hasTaskset) say('there is no /usr/bin/taskset here: the processes choose their cores');
    const pairs: Pair[] = [];
    for (let pair = 1; pair <= runs * pairsARun; pair++) {
      pairs.push(await measurePair(pair));
      const latest = pairs.at(-1) as Pair;
      const figures = variants.map(
        (variant) =>
          `${variant} ${latest[variant].micros.map((micros) => micros.toFixed(0)).join(', ')} µs`,
      );
      say(`pair ${pair} of ${runs * pairsARun}: ${figures.join('; ')}`);
    }
    const rows = levels.flatMap(({ name }, index) => {
      const at = `, ${name}`;
      const micros = (variant: Variant) =>
        pairs.map((pair) => pair[variant].micros[index] ?? Number.NaN);
      const ratiosOf = (variant: Variant) => ratios(micros(variant), micros('without'));
      const [library, control] = [estimate(ratiosOf('with')), estimate(ratiosOf('control'))];
      const target = name.startsWith('saturated')
        ? ({ relation: '<=', value: 1.02 } as const)
        : undefined;
      return [
        row(`with / without, upper 95 % bound${at}`, '×', [library.upper], target),
        row(`with / without, mean${at}`, '×', [library.mean]),
        row(`with / without, a pair${at}`, '×', ratiosOf('with')),
        row(`control / without, upper 95 % bound${at}`, '×', [control.upper]),
        row(`control / without, mean${at}`, '×', [control.mean]),
        row(`CPU a request, with${at}`, 'µs', micros('with')),
        row(`CPU a request, without${at}`, 'µs', micros('without')),
      ];
    });
    const added = pairs.map((pair) => pair.with.idle - pair.without.idle);
    return [...rows, row('idle, what it adds', '% of a core', added, { relation: '<=', value: 1 })];
  },
} satisfies Benchmark;

/** The mean of the ratios' logarithms, and the upper end of its 95 % interval. */
function estimate(values: readonly number[]): { mean: number; upper: number } {
  const logs = values.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
  const error = Math.sqrt(squares / (logs.length - 1) / logs.length);
  return { mean: Math.exp(mean), upper: Math.exp(mean + studentQuantile(logs.length - 1) * error) };
}

/** Below it lie 97.5 % of Student's distribution; to 0.3 % from 5 degrees of freedom on. */
function studentQuantile(degrees: number): number {
  return 1.96 + 2.37 / degrees + 2.82 / degrees ** 2 + 2.9 / degrees ** 3;
}

async function usageOf({ child }: Subject): Promise<TracedExpressUsage> {
  child.send('usage');
  const [usage] = (await once(child, 'message')) as [TracedExpressUsage];
  return usage;
}

async function each<T>(
  subjects: Subjects,
  ask: (subject: Subject, variant: Variant) => Promise<T>,
) {
  const [without, control, withIt] = await Promise.all(
    variants.map((variant) => ask(subjects[variant], variant)),
  );
  return { without, control, with: withIt } as Record<Variant, T>;
}

/** Fresh processes: how V8 happens to compile a process is part of the spread. */
async function measurePair(seed: number): Promise<Pair> {
  const collector = await startBenchCollector();
  const other = await forkService('plainService.ts');
  const started: Subject[] = [];
  try {
    for (const variant of variants) started.push(await start(variant, other.origin, collector));
    const [without, control, withIt] = started as [Subject, Subject, Subject];
    const subjects: Subjects = { without, control, with: withIt };
    for (const [path, requests] of Object.entries(warmupRequests)) {
      await each(subjects, ({ load, origin }) =>
        load.run({ url: origin + path, connections, durationMs: 60_000, requests }),
      );
    }
    const micros: Record<Variant, number[]> = { without: [], control: [], with: [] };
    for (const level of levels) {
      await sleep(restMs);
      const spent = await ('rate' in level
        ? each(subjects, (subject, variant) =>
            spend(subject, level.path, windowMs, {
              rate: level.rate,
              seed,
              stream: `${level.name}, ${variant}`,
            }),
          )
        : inTurns(subjects, level.path));
      for (const variant of variants) {
        micros[variant].push((spent[variant].cpuMs * 1000) / spent[variant].requests);
      }
    }
    await sleep(restMs);
    const before = await each(subjects, usageOf);
    await sleep(idleMs);
    const after = await each(subjects, usageOf);
    const result = (variant: Variant) => ({
      micros: micros[variant],
      idle: (100 * (after[variant].cpuMs - before[variant].cpuMs)) / idleMs,
    });
    return { without: result('without'), control: result('control'), with: result('with') };
  } finally {
    for (const { child, load } of started) {
      child.disconnect();
      load.stop();
    }
    other.child.disconnect();
    collector.stop();
  }
}

interface Spent {
  readonly requests: number;
  readonly cpuMs: number;
}

async function spend(
  subject: Subject,
  path: string,
  durationMs: number,
  poisson?: PoissonArrivals,
): Promise<Spent> {
  const { load, origin } = subject;
  const order = { url: origin + path, connections, durationMs, requests: Number.MAX_SAFE_INTEGER };
  const before = await usageOf(subject);
  const { requests } = await load.run(poisson === undefined ? order : { ...order, poisson });
  const after = await usageOf(subject);
  return { requests, cpuMs: after.cpuMs - before.cpuMs };
}

async function inTurns(subjects: Subjects, path: string): Promise<Record<Variant, Spent>> {
  const nothing: Spent = { requests: 0, cpuMs: 0 };
  const spent: Record<Variant, Spent> = { without: nothing, control: nothing, with: nothing };
  for (let turn = 0; turn < turns; turn++) {
    for (const variant of turn % 2 === 0 ? variants : variants.toReversed()) {
      const { requests, cpuMs } = await spend(subjects[variant], path, turnMs);
      const before = spent[variant];
      spent[variant] = { requests: before.requests + requests, cpuMs: before.cpuMs + cpuMs };
    }
  }
  return spent;
}

async function start(
  variant: Variant,
  otherUrl: string,
  { otlpUrl }: BenchCollector,
): Promise<Subject> {
  const service = await forkService('tracedExpress.ts', [otherUrl, variant], {
    ...onOneCore,
    // Both wait for so long for a batch to fill: the SDK's own default would reach into the next level.
    env: {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
      OTEL_BSP_SCHEDULE_DELAY: '1000',
    },
  });
  return { ...service, load: startLoad() };
}

async function forkService(
  program: string,
  args: readonly string[] = [],
  options: ForkOptions = {},
): Promise<Service> {
  const child = fork(join(import.meta.dirname, 'support', program), args, options);
  const [{ origin }] = (await once(child, 'message')) as [{ origin: string }];
  return { child, origin };
}
