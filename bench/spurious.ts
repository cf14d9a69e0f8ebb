import {
  type Outcome,
  startTimeoutTrials,
  type Trial,
  truthOf,
} from '../test/services/timeoutTrials.ts';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';

/** Nearer to an edge than this, and the truth itself is not known. */
const marginMs = 4;
const wanted = 100;

interface Cause {
  readonly what: string;
  readonly truth: 'spurious' | 'late';
  readonly trial: Trial;
}

const causes: readonly Cause[] = [
  ...(['poll', 'check'] as const).flatMap((phase) =>
    ['block', 'gc', 'freeze'].map(
      (kind): Cause => ({
        what: `answer there, caller: ${kind} in ${phase}`,
        truth: 'spurious',
        trial: { pause: { kind, phase }, answerAfterMs: 15 },
      }),
    ),
  ),
  {
    what: 'answer there, caller stopped from outside',
    truth: 'spurious',
    trial: { pause: 'stop', answerAfterMs: 10 },
  },
  { what: 'callee slow', truth: 'late', trial: { pause: 'none', answerAfterMs: 60 } },
  { what: 'callee frozen', truth: 'late', trial: { pause: 'none', answerAfterMs: 'frozen' } },
  {
    what: 'callee slow, caller stopped from outside',
    truth: 'late',
    trial: { pause: 'stop', answerAfterMs: 60 },
  },
  ...(['poll', 'check'] as const).map(
    (phase): Cause => ({
      what: `callee slow, caller: block in ${phase}`,
      truth: 'late',
      trial: { pause: { kind: 'block', phase }, answerAfterMs: 60 },
    }),
  ),
];

export default {
  name: 'spurious',
  description: `Time-outs whose cause is known, ${wanted} of each (truth: when the answer was sent, when the caller stood still), and what the caller's span calls them`,
  async run({ say }) {
    const trials = await startTimeoutTrials(false);
    const rows: BenchmarkRow[] = [];
    try {
      for (const cause of causes) {
        const outcomes = await clearOutcomes(cause, (count) => trials.run(cause.trial, count));
        say(describe(cause, outcomes));
        rows.push(row(cause, outcomes));
      }
    } finally {
      await trials.stop();
    }
    return rows;
  },
} satisfies Benchmark;

/** Trials until enough have come out as meant: on a busy machine a pause may miss its call. */
async function clearOutcomes({ truth }: Cause, run: (count: number) => Promise<Outcome[]>) {
  const clear: Outcome[] = [];
  for (let tries = 0; clear.length < wanted && tries < 10 * wanted; tries += 10) {
    const outcomes = await run(10);
    clear.push(...outcomes.filter((outcome) => truthOf(outcome, marginMs) === truth));
  }
  return clear.slice(0, wanted);
}

function describe({ what }: Cause, outcomes: readonly Outcome[]): string {
  const number = (wanted: Outcome['verdict']) =>
    outcomes.filter(({ verdict }) => verdict === wanted).length;
  return (
    `${what}: ${outcomes.length} × → spurious ${number('spurious')}, late ${number('late')}, ` +
    `undetermined ${number('undetermined')}, no time-out ${number(null)}`
  );
}

/** For a spurious one the share that was recognised, for a genuine one the share called spurious. */
function row({ what, truth }: Cause, outcomes: readonly Outcome[]): BenchmarkRow {
  const timedOut = outcomes.filter(({ verdict }) => verdict !== null);
  const calledSpurious = timedOut.filter(({ verdict }) => verdict === 'spurious').length;
  const percent = timedOut.length === 0 ? Number.NaN : (100 * calledSpurious) / timedOut.length;
  return {
    what: `${what}: called spurious`,
    value: percent,
    unit: '%',
    min: percent,
    max: percent,
    runs: timedOut.length,
    target: truth === 'spurious' ? { relation: '>=', value: 99 } : { relation: '<=', value: 0 },
  };
}
