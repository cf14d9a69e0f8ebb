import { mkdir } from 'node:fs/promises';
import Table from 'cli-table3';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { keepFigures, keptFigures } from './support/keptFigures.ts';
import { sumOf } from './support/latencyParts.ts';
import type { ExtraTime } from './support/pathShare.ts';
import { figuresOf, type RunFigures } from './support/victimFigures.ts';
import { phases, type Setting, victimRun } from './support/victimRun.ts';
import { VictimScore } from './support/victimScore.ts';

const loads = [
  {
    ratePerSecond: 20,
    // One at a time and mostly waiting: so few requests, too, make a backlog, at hardly any CPU.
    work: { concurrency: 1, script: [{ cpu: '0.2ms' }, { wait: '12ms' }] },
    rounds: 12,
  },
  { ratePerSecond: 200, work: { script: [{ cpu: '1ms' }] }, rounds: 8 },
] as const;

/** Those with the same service and load follow each other. */
const settings: readonly Setting[] = (['user', 'auth'] as const).flatMap((service) =>
  loads.flatMap((load) =>
    ['block', 'freeze', 'gc'].map((kind) => ({
      ...load,
      service,
      kind,
      baselineMs: 5000,
      attribution: 'on' as const,
    })),
  ),
);

/** The machine may have others at work, too. */
const attempts = 3;
const wanted = { relation: '>=', value: 99 } as const;

/** What was measured in one turn. */
interface Turn {
  readonly setting: Setting;
  readonly figures: RunFigures;
}

export default {
  name: 'victims',
  description:
    'Whom pauses of 120 ms hit and whom they made queue, as the spans say, against what was on the ' +
    'wire to the paused service (min – max: kinds of pause × phases of the loop; runs: requests); ' +
    'what victims waited for; where Jaeger’s critical path puts that',
  usualRuns: 2,
  async run({ runs, only, folder, say }) {
    const chosen = settings.filter((setting) => {
      const title = `${setting.kind} ${titleOf(setting)}`;
      return only.every((word) => title.includes(word));
    });
    if (chosen.length === 0) {
      const titles = settings.map((one) => `"${one.kind} ${titleOf(one)}"`).join(', ');
      throw new Error(`No setting has "${only.join(' ')}" in its title; there are ${titles}`);
    }
    if (folder !== null) await mkdir(folder, { recursive: true });
    const turns: Turn[] = [];
    const count = runs * chosen.length;
    for (let run = 1; run <= runs; run++) {
      for (const [index, setting] of chosen.entries()) {
        const title = `${setting.kind} ${titleOf(setting)}`;
        const name = `${title.replaceAll(/\W+/g, '-')}-${run}`;
        const kept = await keptFigures(folder, name);
        const figures = kept ?? (await undisturbedRun(setting, run, say));
        if (figures === null) continue;
        if (kept === null) await keepFigures(folder, name, figures);
        turns.push({ setting, figures });
        const place = (run - 1) * chosen.length + index + 1;
        say(
          `${place} of ${count}, ${title}${kept === null ? '' : ' (kept)'}: ${describe(figures)}`,
        );
        for (const text of figures.mistakes) say(`  ${text}`);
      }
    }
    say(`What was said of whom\n${matrix(turns)}`);
    const all = pooled(cellsOf(turns).values());
    say(`Counted apart: ${all.truly('edge')} on an edge, ${all.truly('mixed')} mixed`);
    return [...Map.groupBy(turns, ({ setting }) => titleOf(setting))].flatMap(([title, all]) => [
      ...scoreRows(title, all),
      ...partsRows(title, all),
      ...pathRows(title, all),
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
    const title = `${setting.kind} ${titleOf(setting)}`;
    try {
      const figures = figuresOf(await victimRun(setting, seed), setting.service);
      if (!figures.overloaded) return figures;
      say(`${title}: requests piled up before any pause; not counted`);
    } catch (error) {
      say(`${title}: ${(error as Error).message}; not counted`);
    }
  }
  return null;
}

function titleOf({ service, ratePerSecond }: Setting): string {
  return `${service} ${ratePerSecond}/s`;
}

function describe(figures: RunFigures): string {
  const all = pooled(figures.scores.values());
  const { foundMs, signsInside, firstSignMs } = figures;
  return (
    `${firstSignMs.length} pauses, ${all.truly('hit')} hit, ${all.truly('queued')} queued, ` +
    `${all.truly('edge')} on an edge, ${all.truly('mixed')} mixed; ${foundMs.length} other pauses of ` +
    `${Math.round(sum(foundMs))} ms in all, ${figures.toldTwice} made ones told twice; ` +
    `${signsInside} signs of life within a pause, the first ` +
    `${quantile(firstSignMs, 0.5).toFixed(1)} ms after it (median)`
  );
}

function pooled(scores: Iterable<VictimScore>): VictimScore {
  const total = new VictimScore();
  for (const score of scores) total.addAll(score);
  return total;
}

/** Of each kind of pause in each phase of the loop. */
function cellsOf(turns: readonly Turn[]): Map<string, VictimScore> {
  const cells = new Map<string, VictimScore>();
  for (const { setting, figures } of turns) {
    for (const phase of phases) {
      const score = figures.scores.get(phase);
      if (score === undefined) continue;
      const key = `${titleOf(setting)} ${setting.kind} ${phase}`;
      cells.set(key, pooled([cells.get(key) ?? new VictimScore(), score]));
    }
  }
  return cells;
}

/** A line for each cell: how many there were, and how many of them were told, and told rightly. */
function matrix(turns: readonly Turn[]): string {
  const roles = ['hit', 'queued'] as const;
  const table = new Table({
    head: [
      'service, load, kind, phase',
      ...roles.flatMap((role) => [role, 'recall', 'precision']),
      'edge',
      'mixed',
    ],
    style: { head: [], border: [] },
  });
  for (const [key, score] of cellsOf(turns)) {
    table.push([
      key,
      ...roles.flatMap((role) => [
        score.truly(role),
        percent(score.recall(role)),
        percent(score.precision(role)),
      ]),
      score.truly('edge'),
      score.truly('mixed'),
    ]);
  }
  return table.toString();
}

function percent(share: number): string {
  return Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)} %`;
}

function scoreRows(title: string, turns: readonly Turn[]): BenchmarkRow[] {
  const cells = [...cellsOf(turns).values()];
  const total = pooled(cells);
  return (['hit', 'queued'] as const).flatMap((role) =>
    (['recall', 'precision'] as const).map((measure) => {
      const ofCells = cells
        .map((cell) => 100 * cell[measure](role))
        .filter((value) => !Number.isNaN(value));
      return {
        what: `${title}: ${role}, ${measure}`,
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

function partsRows(title: string, turns: readonly Turn[]): BenchmarkRow[] {
  const off = turns.map(({ figures: { parts } }) =>
    parts.map((one) => Math.abs(one.latency - sumOf(one))),
  );
  const unknown = turns.map(({ figures }) => figures.unknownMs.map(Math.abs));
  const arrivals = turns.map(({ figures }) => figures.arrivalsOffMs.map(Math.abs));
  const rows = (what: string, ofTurns: readonly number[][]) => [
    spread(`${title}: ${what}, median`, ofTurns, 0.5, 2),
    spread(`${title}: ${what}, P99`, ofTurns, 0.99, 5),
  ];
  return [
    ...rows('|latency − (work + queue + pause + network)|', off),
    ...rows('blame: unknown', unknown),
    ...rows('|arrival by the spans that say it − on the wire|', arrivals),
  ];
}

function spread(
  what: string,
  ofTurns: readonly (readonly number[])[],
  p: number,
  atMost: number,
): BenchmarkRow {
  const values = ofTurns.map((turn) => quantile(turn, p));
  const all = ofTurns.flat();
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

function pathRows(title: string, turns: readonly Turn[]): BenchmarkRow[] {
  const row = (
    what: string,
    part: (time: ExtraTime) => number,
    of: 'withLibrary' | 'without',
    atLeast?: number,
  ): BenchmarkRow => {
    const times = turns.map(({ figures }) => figures[of]);
    const shares = times.map((time) => (100 * part(time)) / time.totalMs);
    return {
      what: `${title}: critical path, ${what}`,
      unit: '%',
      value: (100 * sum(times.map(part))) / sum(times.map(({ totalMs }) => totalMs)),
      min: Math.min(...shares),
      max: Math.max(...shares),
      runs: sum(turns.map(({ figures }) => figures.parts.length)),
      ...(atLeast !== undefined && { target: { relation: '>=', value: atLeast } }),
    };
  };
  // λS of the other services is some 2 % at 20 requests a second, and ten times that at 200.
  const atLeast = turns[0]?.setting.ratePerSecond === 20 ? 95 : undefined;
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
