import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { randomStream } from '../mesh/random.ts';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { keepBusy } from './support/busyCores.ts';
import { type Interval, mostCovered, overlapMs, startTarget } from './support/detectorProcess.ts';

/** Of each kind in each run, half of them while requests are in flight. */
const PAUSES_A_RUN = 25;
const SHORTEST_MS = 20;
const LONGEST_MS = 500;
/** A ballast is dear to change, so collections come in these lengths, one after the other. */
const COLLECTION_LENGTHS_MS = [30, 60, 120, 250, 400];
const BETWEEN_MS = 60;
const SATURATING_TURN_MS = 0.2;
/** After the last pause, for what is seen of it to be told. */
const SETTLE_MS = 500;

/** What each way of pausing is to be seen as. */
const truth: Readonly<Record<string, string>> = {
  gc: 'gc',
  block: 'block',
  wait: 'block',
  freeze: 'freeze',
};
const detectedKinds = ['gc', 'block', 'freeze', 'throttled', 'starved', 'unknown', 'missed'];

interface Sample {
  readonly made: Interval;
  readonly inFlight: boolean;
  /** What overlaps it the most. */
  readonly seen: Interval | null;
}

interface Outcome {
  readonly samples: readonly Sample[];
  /** Seen where none was made. */
  readonly others: readonly Interval[];
}

export default {
  name: 'detector',
  description:
    'Pauses as they are seen from within, against the record of what made them: kinds and edges',
  async run({ runs, say }) {
    const quiet = await measure(runs, say);
    const saturated = await measure(runs, say, SATURATING_TURN_MS);
    const rest = keepBusy(availableParallelism());
    let busy: Outcome;
    try {
      busy = await measure(runs, say);
    } finally {
      rest();
    }
    say(`A machine with nothing else to do:\n${matrix(quiet)}`);
    say(`A loop that never rests, as of a service at its limit:\n${matrix(saturated)}`);
    say(`All cores kept busy by others:\n${matrix(busy)}`);
    return [
      ...rows(quiet, 'nothing else to do', true),
      ...rows(saturated, 'a loop that never rests', true),
      ...rows(busy, 'all cores busy', false),
    ];
  },
} satisfies Benchmark;

/** @param turnMs what the loop has to do in each turn, without a rest between them; null: nothing. */
async function measure(
  runs: number,
  say: (line: string) => void,
  turnMs: number | null = null,
): Promise<Outcome> {
  const target = await startTarget();
  const random = randomStream(1, 'lengths of pauses');
  const count = Math.ceil((runs * PAUSES_A_RUN) / COLLECTION_LENGTHS_MS.length / 2);
  const samples: Sample[] = [];
  const others: Interval[] = [];
  try {
    await target.order('detector on');
    if (turnMs !== null) await target.order('marked turns on', { durationMs: turnMs });
    for (const collectionMs of COLLECTION_LENGTHS_MS) {
      const kinds = Object.keys(truth);
      try {
        await target.order('prepare', { kind: 'gc', durationMs: collectionMs });
      } catch (error) {
        say(`left out: ${(error as Error).message}`); // a slow heap has no short collections
        kinds.splice(kinds.indexOf('gc'), 1);
      }
      await target.order('prepare', { kind: 'freeze', durationMs: collectionMs });
      for (const inFlight of [true, false]) {
        const end = inFlight ? target.keepInFlight() : () => {};
        await sleep(500);
        target.takeDetected();
        const made: Interval[] = [];
        for (let i = 0; i < count; i++) {
          for (const kind of kinds) {
            const ms =
              kind === 'gc' ? collectionMs : SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS);
            made.push(await target.make(kind, ms));
            await sleep(BETWEEN_MS);
          }
        }
        await sleep(SETTLE_MS);
        const seen = target.takeDetected();
        for (const pause of made)
          samples.push({ made: pause, inFlight, seen: mostCovered(pause, seen) });
        others.push(...seen.filter((one) => made.every((pause) => overlapMs(one, pause) <= 0)));
        end();
      }
    }
  } finally {
    target.stop();
  }
  for (const { made, seen } of samples) {
    if (seen?.kind === truth[made.kind]) continue;
    say(
      `${made.kind} of ${(made.endMs - made.startMs).toFixed(1)} ms seen as ${JSON.stringify(seen)}`,
    );
  }
  return { samples, others };
}

function rows({ samples, others }: Outcome, where: string, held: boolean): BenchmarkRow[] {
  const right = samples.filter(({ made, seen }) => seen?.kind === truth[made.kind]).length;
  const falseFreezes =
    samples.filter(({ made, seen }) => seen?.kind === 'freeze' && made.kind !== 'freeze').length +
    others.filter(({ kind }) => kind === 'freeze').length;
  const edges = [true, false].flatMap((inFlight) => {
    const seen = samples.filter((sample) => sample.inFlight === inFlight && sample.seen !== null);
    const when = inFlight ? 'requests in flight' : 'idle';
    const targetMs = held ? (inFlight ? 2 : 20) : undefined;
    const error = (edge: 'startMs' | 'endMs') =>
      seen.map(({ made, seen }) => Math.abs((seen?.[edge] ?? Number.NaN) - made[edge]));
    return [
      quantileRow(
        `P99 error of the start, ${when}, ${where}`,
        error('startMs'),
        0.99,
        'ms',
        targetMs,
      ),
      quantileRow(`P99 error of the end, ${when}, ${where}`, error('endMs'), 0.99, 'ms', targetMs),
    ];
  });
  const withCore = samples.filter(({ made, seen }) => !lackedCore(made, seen));
  const rightWithCore = withCore.filter(({ made, seen }) => seen?.kind === truth[made.kind]).length;
  return [
    {
      ...quantileRow(`kind right, ${where}`, [(100 * right) / samples.length], 0.5, '%'),
      runs: samples.length,
      ...(held && { target: { relation: '>=' as const, value: 98 } }),
    },
    {
      ...quantileRow(
        `kind right of those that had a core, ${where}`,
        [(100 * rightWithCore) / withCore.length],
        0.5,
        '%',
      ),
      runs: withCore.length,
    },
    quantileRow(`called freeze but was none, ${where}`, [falseFreezes], 0.5, 'pauses', 0),
    ...edges,
  ];
}

/** The kernel says that the thread waited for a core for most of the pause: it was starved, too. */
function lackedCore({ startMs, endMs }: Interval, seen: Interval | null): boolean {
  return (seen?.evidence?.runDelayMs ?? 0) > (endMs - startMs) / 2;
}

function quantileRow(
  what: string,
  values: readonly number[],
  quantile: number,
  unit: string,
  limit?: number,
): BenchmarkRow {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    what,
    value: sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN,
    unit,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    runs: values.length,
    ...(limit !== undefined && { target: { relation: '<=' as const, value: limit } }),
  };
}

/** What was made, by what it was seen as. */
function matrix({ samples, others }: Outcome): string {
  const table = new Table({
    head: ['made', ...detectedKinds],
    style: { head: [], border: [] },
  });
  for (const kind of Object.keys(truth)) {
    const own = samples.filter(({ made }) => made.kind === kind);
    table.push([
      kind,
      ...detectedKinds.map(
        (as) => own.filter(({ seen }) => (seen?.kind ?? 'missed') === as).length,
      ),
    ]);
  }
  table.push([
    'none',
    ...detectedKinds.map((as) => others.filter(({ kind }) => kind === as).length),
  ]);
  return table.toString();
}
