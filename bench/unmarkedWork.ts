import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import { type Interval, mostCovered, overlapMs, startTarget } from './support/detectorProcess.ts';
import { row } from './support/row.ts';

/** What the loop does in each turn, and how long it rests then. */
const loops = [
  { workMs: 0.1, restMs: 2 },
  { workMs: 1, restMs: 3 },
  { workMs: 3, restMs: 0 },
  { workMs: 5, restMs: 5 },
] as const;
const UNPAUSED_MS = 3000;
const BLOCKS = 20;
const BLOCK_MS = 15;
/** By then it has been seen what the loop is like. */
const WARMUP_MS = 500;
const BETWEEN_MS = 80;
/** For what is seen to be told. */
const SETTLE_MS = 200;

export default {
  name: 'unmarkedWork',
  description:
    'A loop that is busy with work of which the detector is not told: what it takes for a pause ' +
    `although there is none, and what it sees of blocks of ${BLOCK_MS} ms`,
  usualRuns: 3,
  async run({ runs, say }) {
    const rows: BenchmarkRow[] = [];
    for (const { workMs, restMs } of loops) {
      const title = `turns of ${workMs} ms, rests of ${restMs} ms`;
      const falseShares: number[] = [];
      const foundShares: number[] = [];
      const startErrors: number[] = [];
      const endErrors: number[] = [];
      for (let run = 0; run < runs; run++) {
        const { falseMs, made, seen } = await measure(workMs, restMs);
        falseShares.push((100 * falseMs) / UNPAUSED_MS);
        const found = made.flatMap((block) => {
          const one = mostCovered(block, seen);
          return one === null || overlapMs(one, block) < BLOCK_MS / 2 ? [] : { block, one };
        });
        foundShares.push((100 * found.length) / made.length);
        for (const { block, one } of found) {
          startErrors.push(Math.abs(one.startMs - block.startMs));
          endErrors.push(Math.abs(one.endMs - block.endMs));
        }
      }
      say(title);
      rows.push(
        row(`told as pauses, of the time, ${title}`, '%', falseShares),
        row(`blocks found, ${title}`, '%', foundShares),
        row(`error of their start, ${title}`, 'ms', startErrors),
        row(`error of their end, ${title}`, 'ms', endErrors),
      );
    }
    return rows;
  },
} satisfies Benchmark;

interface Seen {
  /** Length of all pauses that were told while none was made. */
  readonly falseMs: number;
  readonly made: readonly Interval[];
  readonly seen: readonly Interval[];
}

async function measure(workMs: number, restMs: number): Promise<Seen> {
  const target = await startTarget();
  try {
    await target.order('detector on');
    await target.order('turns on', { durationMs: workMs, restMs });
    await sleep(WARMUP_MS);
    target.takeDetected();
    await sleep(UNPAUSED_MS);
    const falseMs = target
      .takeDetected()
      .reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    const made: Interval[] = [];
    for (let i = 0; i < BLOCKS; i++) {
      made.push(await target.make('block', BLOCK_MS));
      await sleep(BETWEEN_MS);
    }
    await sleep(SETTLE_MS);
    return { falseMs, made, seen: target.takeDetected() };
  } finally {
    target.stop();
  }
}
