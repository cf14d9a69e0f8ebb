// A process that watches itself, answers on a socket, and pauses when its parent says so.
import { createServer } from 'node:net';
import type { Evidence } from '../../pauses/detector/detectedPause.ts';
import { pauseDetector } from '../../pauses/detector/detector.ts';
import { loadStrategy } from '../../pauses/load.ts';
import { type PauseRequest, pauseMaker } from '../../pauses/maker.ts';

/** From the parent. `cpu`: what the process has used so far. */
export interface DetectorOrder extends PauseRequest {
  readonly action: 'prepare' | 'make' | 'cpu' | 'detector on' | 'detector off';
}

/** Times in nanoseconds since 1970, as decimal strings. */
export type DetectorMessage =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'done'; readonly cpuMs: number }
  | {
      readonly type: 'made' | 'detected';
      readonly kind: string;
      readonly startUnixNano: string;
      readonly endUnixNano: string;
      readonly evidence?: Evidence | undefined;
    }
  | { readonly type: 'failed'; readonly message: string };

/** Time that a request takes here: at one every 10 ms there is always one in flight. */
const REQUEST_MS = 15;

const maker = pauseMaker({
  load: (kind) => loadStrategy(kind === 'wait' ? './waitStrategy.ts' : kind, import.meta.dirname),
});
const detector = pauseDetector({ logger: console });
detector.onPause((pause) => send({ type: 'detected', ...texts(pause) }));

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
    if (order.action === 'detector on') await detector.start();
    if (order.action === 'detector off') await detector.stop();
    const { user, system } = process.cpuUsage();
    send({ type: 'done', cpuMs: (user + system) / 1000 });
  } catch (error) {
    send({ type: 'failed', message: String(error) });
  }
});
process.on('disconnect', async () => {
  server.close();
  await detector.stop();
  await maker.stop();
});

interface Times {
  readonly kind: string;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
  readonly evidence?: Evidence | undefined;
}

function texts({ kind, startUnixNano, endUnixNano, evidence }: Times) {
  return {
    kind,
    startUnixNano: String(startUnixNano),
    endUnixNano: String(endUnixNano),
    evidence,
  };
}

function send(message: DetectorMessage): void {
  if (process.connected) process.send?.(message);
}
