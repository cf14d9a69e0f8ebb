// A process that echoes what it gets on a socket, and pauses when its parent says so.
import { createServer } from 'node:net';
import { loadStrategy } from '../../pauses/load.ts';
import { type PauseRequest, pauseMaker } from '../../pauses/maker.ts';

/** From the parent. */
export interface TargetOrder extends PauseRequest {
  readonly action: 'prepare' | 'make';
}

/** To the parent. `done`: the order was carried out; `measuredMs` is the pause's own record. */
export type TargetMessage =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'done'; readonly measuredMs: number }
  | { readonly type: 'failed'; readonly message: string };

const maker = pauseMaker({ load: (kind) => loadStrategy(kind, '.') });

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address && typeof address === 'object') send({ type: 'listening', port: address.port });
});

process.on('message', async (order: TargetOrder) => {
  try {
    await maker.prepare(order.kind, order.durationMs);
    const measuredMs = order.action === 'make' ? (await maker.make(order)).measuredMs : 0;
    send({ type: 'done', measuredMs });
  } catch (error) {
    send({ type: 'failed', message: String(error) });
  }
});
process.on('disconnect', async () => {
  server.close();
  await maker.stop();
});

function send(message: TargetMessage): void {
  process.send?.(message);
}
