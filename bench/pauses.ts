import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, BenchmarkRow } from './benchmark.ts';
import type { TargetMessage, TargetOrder } from './support/pauseTarget.ts';

const PAUSES_PER_RUN = 10;
const BETWEEN_PAUSES_MS = 20;

interface Accuracy {
  readonly kind: string;
  readonly lengthsMs: readonly number[];
  /** Figure of all pauses of a length that is held against the request. */
  readonly figure: 'mean' | 'median';
  /** How far off it may be. */
  readonly toleranceMs: (requestedMs: number) => number;
}

const exact = (requestedMs: number) => Math.max(0.03 * requestedMs, 2);
const kinds: readonly Accuracy[] = [
  { kind: 'block', lengthsMs: [20, 50, 120, 250, 500], figure: 'mean', toleranceMs: exact },
  { kind: 'freeze', lengthsMs: [20, 50, 120, 250, 500], figure: 'mean', toleranceMs: exact },
  { kind: 'gc', lengthsMs: [50, 120, 250, 500], figure: 'median', toleranceMs: (ms) => 0.15 * ms },
];

/** One pause, by the clock outside and by its own record. */
interface Sample {
  readonly outsideMs: number;
  readonly recordedMs: number;
}

export default {
  name: 'pauses',
  description:
    'Length of pauses by a clock outside the process (gap in an echo over loopback) against the request',
  async run({ runs, say }) {
    const target = await startTarget();
    const rows: BenchmarkRow[] = [];
    try {
      for (const ms of [20, 50, 120, 250, 500]) {
        const here = kinds.filter(({ lengthsMs }) => lengthsMs.includes(ms));
        const samples = await measure(target, here, ms, runs * PAUSES_PER_RUN);
        for (const accuracy of here) {
          const own = samples.get(accuracy.kind) ?? [];
          say(describe(accuracy.kind, ms, own));
          rows.push(row(accuracy, ms, own));
        }
      }
    } finally {
      target.stop();
    }
    return rows;
  },
} satisfies Benchmark;

/** `count` pauses of each kind, taking turns, so that all meet the same machine. */
async function measure(
  target: Target,
  accuracies: readonly Accuracy[],
  durationMs: number,
  count: number,
): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(accuracies.map(({ kind }) => [kind, []]));
  for (const { kind } of accuracies) await target.order('prepare', kind, durationMs);
  for (let i = 0; i < count; i++) {
    for (const { kind } of accuracies) {
      await sleep(BETWEEN_PAUSES_MS);
      const gap = target.longestGap();
      const recordedMs = await target.order('make', kind, durationMs);
      samples.get(kind)?.push({ outsideMs: await gap.end(), recordedMs });
    }
  }
  return samples;
}

interface Target {
  /** @throws {Error} if the target could not do it. Resolves with the record's length. */
  order(action: TargetOrder['action'], kind: string, durationMs: number): Promise<number>;
  /** Sends one byte to and fro until `end`, which gives the longest time between two replies. */
  longestGap(): { end(): Promise<number> };
  stop(): void;
}

async function startTarget(): Promise<Target> {
  const child = fork(join(import.meta.dirname, 'support/pauseTarget.ts'));
  const listening = await nextMessage(child);
  if (listening.type !== 'listening') throw new Error('The target of the benchmark did not listen');
  const socket = connect({ port: listening.port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return {
    async order(action, kind, durationMs) {
      const answer = nextMessage(child);
      child.send({ action, kind, durationMs, phase: 'poll' } satisfies TargetOrder);
      const message = await answer;
      if (message.type !== 'done')
        throw new Error(`A ${kind} pause failed: ${JSON.stringify(message)}`);
      return message.measuredMs;
    },
    longestGap: () => longestGap(socket),
    stop() {
      socket.destroy();
      if (child.connected) child.disconnect();
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<TargetMessage> {
  const abort = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: abort.signal }).then(([message]) => message),
      once(child, 'exit', { signal: abort.signal }).then(([code, signal]) => {
        throw new Error(`The target of the benchmark ended (${signal ?? code})`);
      }),
    ]);
  } finally {
    abort.abort();
  }
}

function longestGap(socket: Socket): { end(): Promise<number> } {
  let lastMs = performance.now();
  let longestMs = 0;
  let ending: ((longestMs: number) => void) | undefined;

  function pong(): void {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    if (!ending) {
      socket.write('.');
      return;
    }
    socket.off('data', pong);
    ending(longestMs);
  }

  socket.on('data', pong);
  socket.write('.');
  return {
    end: () =>
      new Promise((resolve) => {
        ending = resolve;
      }),
  };
}

function row({ kind, figure, toleranceMs }: Accuracy, ms: number, samples: Sample[]): BenchmarkRow {
  const outsideMs = samples.map((sample) => sample.outsideMs).sort((a, b) => a - b);
  const errorsMs = outsideMs.map((outside) => outside - ms);
  return {
    what: `${kind} of ${ms} ms: ${figure} off by`,
    value: Math.abs((figure === 'mean' ? mean(outsideMs) : quantile(outsideMs, 0.5)) - ms),
    unit: 'ms',
    min: errorsMs[0] ?? Number.NaN,
    max: errorsMs.at(-1) ?? Number.NaN,
    runs: samples.length,
    target: { relation: '<=', value: toleranceMs(ms) },
  };
}

function describe(kind: string, ms: number, samples: readonly Sample[]): string {
  const sorted = samples.map(({ outsideMs }) => outsideMs).sort((a, b) => a - b);
  const differences = samples.map(({ outsideMs, recordedMs }) => outsideMs - recordedMs);
  const [p10, p50, p90] = [0.1, 0.5, 0.9].map((p) => quantile(sorted, p).toFixed(1));
  return (
    `${kind} ${ms} ms × ${samples.length}: mean ${mean(sorted).toFixed(1)}, median ${p50}, ` +
    `P10–P90 ${p10}–${p90}, min–max ${sorted[0]?.toFixed(1)}–${sorted.at(-1)?.toFixed(1)}; ` +
    `outside − own record ${mean(differences).toFixed(2)} ms on average`
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Nearest rank. */
function quantile(sorted: readonly number[], p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}
