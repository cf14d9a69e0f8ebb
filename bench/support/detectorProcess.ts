import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Evidence } from '../../pauses/detector/detectedPause.ts';
import type { DetectorMessage, DetectorOrder } from './detectorTarget.ts';

const REQUEST_EVERY_MS = 10;

/** A pause, as made or as seen; milliseconds since 1970. */
export interface Interval {
  readonly kind: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly evidence?: Evidence | undefined;
  readonly stack?: string | undefined;
}

/** Negative: what lies between them. */
export function overlapMs(a: Interval, b: Interval): number {
  return Math.min(a.endMs, b.endMs) - Math.max(a.startMs, b.startMs);
}

/** Of the pauses that were seen, the one that covers most of this one; null: none does. */
export function mostCovered(made: Interval, seen: readonly Interval[]): Interval | null {
  const [first] = seen.toSorted((a, b) => overlapMs(b, made) - overlapMs(a, made));
  return first && overlapMs(first, made) > 0 ? first : null;
}

export interface Answer {
  /** What the process has used so far. */
  readonly cpuMs: number;
  readonly longestMs: number;
}

type OrderSettings = Partial<Pick<DetectorOrder, 'kind' | 'durationMs' | 'restMs'>>;

/** A process of its own that watches itself and pauses. */
export interface Target {
  order(action: DetectorOrder['action'], settings?: OrderSettings): Promise<Answer>;
  make(kind: string, durationMs: number): Promise<Interval>;
  /** Pauses that were seen since this was last called. */
  takeDetected(): Interval[];
  /** Sends requests until what it returns is called. */
  keepInFlight(): () => void;
  stop(): void;
}

export async function startTarget(): Promise<Target> {
  const child = fork(join(import.meta.dirname, 'detectorTarget.ts'));
  const port = await listening(child);
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.resume();
  let detected: Interval[] = [];
  let made: Interval | null = null;
  let answer: { resolve(answer: Answer): void; reject(error: Error): void } | null = null;
  child.on('message', (message: DetectorMessage) => {
    if (message.type === 'detected') detected.push(interval(message));
    if (message.type === 'made') made = interval(message);
    if (message.type === 'done') answer?.resolve(message);
    if (message.type === 'failed') answer?.reject(new Error(message.message));
  });
  child.on('exit', (code, signal) => {
    answer?.reject(new Error(`The target of the benchmark ended (${signal ?? code})`));
  });

  function order(
    action: DetectorOrder['action'],
    { kind = '', durationMs = 0, restMs = 0 }: OrderSettings = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      answer = { resolve, reject };
      child.send({ action, kind, durationMs, restMs, phase: 'poll' } satisfies DetectorOrder);
    });
  }

  return {
    order,
    async make(kind, durationMs) {
      await order('make', { kind, durationMs });
      return made as unknown as Interval;
    },
    takeDetected() {
      const taken = detected;
      detected = [];
      return taken;
    },
    keepInFlight() {
      const timer = setInterval(() => socket.write('.'), REQUEST_EVERY_MS);
      return () => clearInterval(timer);
    },
    stop() {
      socket.destroy();
      if (child.connected) child.disconnect();
    },
  };
}

function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The target of the benchmark ended (${code})`)));
    child.once('message', (message: DetectorMessage) => {
      if (message.type === 'listening') resolve(message.port);
    });
  });
}

type TimedMessage = Extract<DetectorMessage, { type: 'made' | 'detected' }>;

function interval({ kind, startUnixNano, endUnixNano, evidence, stack }: TimedMessage): Interval {
  // Milliseconds since 1970 would lose what lies below a microsecond, which does not matter here.
  const toMs = (unixNano: string) => Number(BigInt(unixNano) / 1000n) / 1000;
  return { kind, startMs: toMs(startUnixNano), endMs: toMs(endUnixNano), evidence, stack };
}
