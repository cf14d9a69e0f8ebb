// A process that watches itself, answers on a socket, and pauses when its parent says so.
import { createServer } from 'node:net';
import type { Evidence } from '../../pauses/detector/detectedPause.ts';
import { pauseDetector } from '../../pauses/detector/detector.ts';
import { loadStrategy } from '../../pauses/load.ts';
import { type PauseRequest, pauseMaker } from '../../pauses/maker.ts';

/**
 * From the parent. `compute`: for so long, and say how long it was interrupted at most. `turns on`:
 * compute for so long in each turn of the loop, of which nobody is told, and rest between them, until
 * the parent has gone. `marked turns on`: the same, and each of them is told.
 */
export interface DetectorOrder extends PauseRequest {
  readonly restMs: number;
  readonly action:
    | 'prepare'
    | 'make'
    | 'cpu'
    | 'compute'
    | 'detector on'
    | 'detector on with stacks'
    | 'detector off'
    | 'timer on'
    | 'timer off'
    | 'turns on'
    | 'marked turns on';
}

/** Times in nanoseconds since 1970, as decimal strings. */
export type DetectorMessage =
  | { readonly type: 'listening'; readonly port: number }
  /** CPU time that the process has used so far, and the longest interruption; milliseconds. */
  | { readonly type: 'done'; readonly cpuMs: number; readonly longestMs: number }
  | {
      readonly type: 'made' | 'detected';
      readonly kind: string;
      readonly startUnixNano: string;
      readonly endUnixNano: string;
      readonly evidence?: Evidence | undefined;
      readonly stack?: string | undefined;
    }
  | { readonly type: 'failed'; readonly message: string };

/** Time that a request takes here: at one every 10 ms there is always one in flight. */
const REQUEST_MS = 15;

const maker = pauseMaker({
  load: (kind) => loadStrategy(kind === 'wait' ? './waitStrategy.ts' : kind, import.meta.dirname),
});
const plainDetector = pauseDetector({ logger: console });
const stackDetector = pauseDetector({ logger: console, stackAfterMs: 50 });
let detector = plainDetector;
let timer: NodeJS.Timeout | undefined;
for (const one of [plainDetector, stackDetector]) {
  one.onPause((pause) => send({ type: 'detected', ...texts(pause) }));
}

let requests = 0;
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => {
    detector.inFlight(++requests);
    detector.mark();
    setTimeout(() => {
      socket.write(chunk);
      detector.mark();
      detector.inFlight(--requests);
    }, REQUEST_MS);
  });
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address && typeof address === 'object') send({ type: 'listening', port: address.port });
});

process.on('message', async (order: DetectorOrder) => {
  try {
    if (order.action === 'make') send({ type: 'made', ...texts(await maker.make(order)) });
    if (order.action === 'prepare') await maker.prepare(order.kind, order.durationMs);
    if (order.action === 'detector on') detector = plainDetector;
    if (order.action === 'detector on with stacks') detector = stackDetector;
    if (order.action.startsWith('detector on')) await detector.start();
    if (order.action === 'detector off') await detector.stop();
    if (order.action === 'timer on') timer = setInterval(() => {}, order.durationMs);
    if (order.action === 'timer off') clearInterval(timer);
    if (order.action === 'turns on') turns(order.durationMs, order.restMs, () => {});
    if (order.action === 'marked turns on') {
      turns(order.durationMs, order.restMs, () => detector.mark());
    }
    const longestMs = order.action === 'compute' ? compute(order.durationMs) : 0;
    const { user, system } = process.cpuUsage();
    send({ type: 'done', cpuMs: (user + system) / 1000, longestMs });
  } catch (error) {
    send({ type: 'failed', message: String(error) });
  }
});
process.on('disconnect', async () => {
  server.close();
  await detector.stop();
  await maker.stop();
});

/** @returns the longest time for which it did not compute, in milliseconds. */
function compute(durationMs: number): number {
  let nowMs = performance.now();
  let longestMs = 0;
  const untilMs = nowMs + durationMs;
  while (nowMs < untilMs) {
    const beforeMs = nowMs;
    nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - beforeMs);
  }
  return longestMs;
}

function turns(workMs: number, restMs: number, begin: () => void): void {
  const turn = () => {
    if (!process.connected) return;
    begin();
    compute(workMs);
    if (restMs === 0) setImmediate(turn);
    else setTimeout(turn, restMs);
  };
  setImmediate(turn);
}

interface Times {
  readonly kind: string;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
  readonly evidence?: Evidence | undefined;
  readonly stack?: string | undefined;
}

function texts({ kind, startUnixNano, endUnixNano, evidence, stack }: Times) {
  return {
    kind,
    startUnixNano: String(startUnixNano),
    endUnixNano: String(endUnixNano),
    evidence,
    stack,
  };
}

function send(message: DetectorMessage): void {
  if (process.connected) process.send?.(message);
}
