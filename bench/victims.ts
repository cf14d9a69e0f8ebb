import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { sumOf } from './support/latencyParts.ts';
import type { ExtraTime } from './support/pathShare.ts';
import { figuresOf, type RunFigures } from './support/victimFigures.ts';
import { type Setting, victimRun } from './support/victimRun.ts';
import { VictimScore } from './support/victimScore.ts';

const settings: readonly Setting[] = (['user', 'auth'] as const).flatMap((service) => [
  {
    service,
    ratePerSecond: 20,
    // One at a time and mostly waiting: so few requests, too, make a backlog, at hardly any CPU.
    work: { concurrency: 1, script: [{ cpu: '0.2ms' }, { wait: '12ms' }] },
    rounds: 4,
    baselineMs: 12_000,
    attribution: 'on',
  },
  {
    service,
    ratePerSecond: 200,
    work: { script: [{ cpu: '1ms' }] },
    rounds: 1,
    baselineMs: 4000,
    attribution: 'on',
  },
]);

/** The machine may have others at work, too. */
const attempts = 3;
const wanted = { relation: '>=', value: 99 } as const;

export default {
  name: 'victims',
  description:
    'Whom pauses of 120 ms hit and whom they made queue, as the spans say, against what processes ' +
    'around the paused one saw (min – max: kinds of pause × phases of the loop; runs: requests); ' +
    'what victims waited for; where Jaeger’s critical path puts that',
  async run({ runs, say }) {
    const figures = new Map<Setting, RunFigures[]>(settings.map((setting) => [setting, []]));
    for (let run = 1; run <= runs; run++) {
      for (const setting of settings) {
        const ofRun = await undisturbedRun(setting, run, say);
        if (ofRun === null) continue;
        figures.get(setting)?.push(ofRun);
        say(`run ${run} of ${runs}, ${titleOf(setting)}: ${describe(ofRun)}`);
        for (const { text } of ofRun.mistakes) say(`  ${text}`);
      }
    }
    return [...figures].flatMap(([setting, all]) => [
      ...scoreRows(setting, all),
      ...partsRows(setting, all),
      ...pathRows(setting, all),
    ]);
  },
} satisfies Benchmark;

/** Null: the machine was too busy each time. */
async function undisturbedRun(
  setting: Setting,
  seed: number,
  say: (line: string) => void,
): Promise<RunFigures | null> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      const ofRun = figuresOf(await victimRun(setting, seed), setting.service);
      if (!ofRun.overloaded) return ofRun;
      say(`${titleOf(setting)}: requests piled up before any pause; not counted`);
    } catch (error) {
      say(`${titleOf(setting)}: ${(error as Error).message}; not counted`);
    }
  }
  return null;
}

function titleOf({ service, ratePerSecond }: Setting): string {
  return `${service}, ${ratePerSecond}/s`;
}

function describe(figures: RunFigures): string {
  const all = pooled([figures]);
  const { foundMs, signsInside, firstSignMs } = figures;
  return (
    `${firstSignMs.length} pauses, ${all.truly('hit')} hit, ${all.truly('queued')} queued, ` +
    `${all.truly('edge')} on an edge, ${all.truly('mixed')} mixed; ${foundMs.length} other pauses of ` +
    `${Math.round(sum(foundMs))} ms in all, ${figures.toldTwice} made ones told twice; ${signsInside} signs of life within a pause, the first ` +
    `${quantile(firstSignMs, 0.5).toFixed(1)} ms after it (median)`
  );
}

function pooled(all: readonly RunFigures[]): VictimScore {
  const total = new VictimScore();
  for (const { scores } of all) for (const score of scores.values()) total.addAll(score);
  return total;
}

function scoreRows(setting: Setting, all: readonly RunFigures[]): BenchmarkRow[] {
  const total = pooled(all);
  const cells = new Map<string, VictimScore>();
  for (const [key, score] of all.flatMap(({ scores }) => [...scores])) {
    const cell = cells.get(key) ?? new VictimScore();
    cell.addAll(score);
    cells.set(key, cell);
  }
  return (['hit', 'queued'] as const).flatMap((role) =>
    (['recall', 'precision'] as const).map((measure) => {
      const ofCells = [...cells.values()]
        .map((cell) => 100 * cell[measure](role))
        .filter((value) => !Number.isNaN(value));
      return {
        what: `${titleOf(setting)}: ${role}, ${measure}`,
        unit: '%',
        value: 100 * total[measure](role),
        min: Math.min(...ofCells),
        max: Math.max(...ofCells),
        runs: total.truly(role),
        target: wanted,
      };
    }),
  );
}

function partsRows(setting: Setting, all: readonly RunFigures[]): BenchmarkRow[] {
  const off = all.map(({ parts }) => parts.map((one) => Math.abs(one.latency - sumOf(one))));
  const unknown = all.map(({ unknownMs }) => unknownMs.map(Math.abs));
  const rows = (what: string, ofRuns: readonly number[][]) => [
    spread(`${titleOf(setting)}: ${what}, median`, ofRuns, 0.5, 2),
    spread(`${titleOf(setting)}: ${what}, P99`, ofRuns, 0.99, 5),
  ];
  return [
    ...rows('|latency − (work + queue + pause + usual network)|', off),
    ...rows('blame: unknown', unknown),
  ];
}

function spread(
  what: string,
  ofRuns: readonly (readonly number[])[],
  p: number,
  atMost: number,
): BenchmarkRow {
  const values = ofRuns.map((run) => quantile(run, p));
  const all = ofRuns.flat();
  return {
    what,
    unit: 'ms',
    value: quantile(all, p),
    min: Math.min(...values),
    max: Math.max(...values),
    runs: all.length,
    target: { relation: '<=', value: atMost },
  };
}

function pathRows(setting: Setting, all: readonly RunFigures[]): BenchmarkRow[] {
  const row = (
    what: string,
    part: (time: ExtraTime) => number,
    of: 'withLibrary' | 'without',
    atLeast?: number,
  ): BenchmarkRow => {
    const times = all.map((one) => one[of]);
    const shares = times.map((time) => (100 * part(time)) / time.totalMs);
    return {
      what: `${titleOf(setting)}: critical path, ${what}`,
      unit: '%',
      value: (100 * sum(times.map(part))) / sum(times.map(({ totalMs }) => totalMs)),
      min: Math.min(...shares),
      max: Math.max(...shares),
      runs: sum(all.map(({ parts }) => parts.length)),
      ...(atLeast !== undefined && { target: { relation: '>=', value: atLeast } }),
    };
  };
  // λS of the other services is some 2 % at 20 requests a second, and ten times that at 200.
  const atLeast = setting.ratePerSecond === 20 ? 95 : undefined;
  return [
    row('of the extra time to the paused service', (time) => time.pausedMs, 'withLibrary', atLeast),
    row('to others while it lasted', (time) => time.elsewhereMs, 'withLibrary'),
    row('to others after it: the backlog', (time) => time.backlogMs, 'withLibrary'),
    row('without the library: to the paused service', (time) => time.pausedMs, 'without'),
    row('without the library: to others while it lasted', (time) => time.elsewhereMs, 'without'),
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** By nearest rank; NaN without values. */
function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}
