import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { startTarget, type Target } from './support/detectorProcess.ts';
import type { DetectorOrder } from './support/detectorTarget.ts';
import { row } from './support/row.ts';

const COST_MS = 6000;
const STACKS_A_RUN = 4;
const STACK_BLOCK_MS = 200;
/** As often as a detector at rest looks. */
const TIMER_MS = 50;

export default {
  name: 'detectorCost',
  description:
    'What the detector takes of an idle process, and a stack of the pause it is taken in',
  async run({ runs }) {
    return [...(await idleCost(runs)), ...(await stackDelay(runs))];
  },
} satisfies Benchmark;

/** CPU of an idle process with the detector less that without, in percent of one core. */
async function idleCost(runs: number): Promise<BenchmarkRow[]> {
  const target = await startTarget();
  const percents: number[] = [];
  const stackPercents: number[] = [];
  const timerPercents: number[] = [];
  try {
    for (let i = 0; i < runs; i++) {
      const none = await idleShare(target, null);
      percents.push(100 * ((await idleShare(target, 'detector on')) - none));
      stackPercents.push(100 * ((await idleShare(target, 'detector on with stacks')) - none));
      timerPercents.push(100 * ((await idleShare(target, 'timer on', TIMER_MS)) - none));
      await target.order('timer off');
    }
  } finally {
    target.stop();
  }
  return [
    row('CPU when idle, of one core', '%', percents, { relation: '<=', value: 1 }),
    row('CPU when idle, of one core, with stacks', '%', stackPercents),
    row(
      `CPU when idle, of one core, of an empty timer of ${TIMER_MS} ms instead`,
      '%',
      timerPercents,
    ),
  ];
}

async function idleShare(
  target: Target,
  on: DetectorOrder['action'] | null,
  durationMs = 0,
): Promise<number> {
  await target.order('detector off');
  if (on !== null) await target.order(on, { durationMs });
  await sleep(2000); // a thread takes time to start, and what was busy to come to rest
  const before = (await target.order('cpu')).cpuMs;
  await sleep(COST_MS);
  return ((await target.order('cpu')).cpuMs - before) / COST_MS;
}

/** What taking a stack adds to the pause whose stack it is. */
async function stackDelay(runs: number): Promise<BenchmarkRow[]> {
  const target = await startTarget();
  const without: number[] = [];
  const withStacks: number[] = [];
  let taken = 0;
  try {
    for (let i = 0; i < runs * STACKS_A_RUN; i++) {
      for (const [action, longest] of [
        ['detector on', without],
        ['detector on with stacks', withStacks],
      ] as const) {
        await target.order('detector off');
        await target.order(action);
        await sleep(200);
        target.takeDetected();
        longest.push((await target.order('compute', { durationMs: STACK_BLOCK_MS })).longestMs);
        await sleep(200);
        if (target.takeDetected().some(({ stack }) => stack?.includes('compute'))) taken++;
      }
    }
  } finally {
    target.stop();
  }
  return [
    row('longest interruption of code that blocks', 'ms', without),
    row('the same while its stack is taken', 'ms', withStacks),
    {
      ...row('stacks that name the code', '%', [(100 * taken) / withStacks.length]),
      runs: withStacks.length,
    },
  ];
}
