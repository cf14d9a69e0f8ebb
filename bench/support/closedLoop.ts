/**
 * A load generator that costs little: some connections, each sending its next request when the last
 * answer is there. It measures work, not latency under load: for that, `lab/load` is open loop.
 * Forked with a URL; asked by message for a window, it answers with what it saw.
 */
import { connect, type Socket } from 'node:net';

export interface WindowOrder {
  readonly url: string;
  readonly connections: number;
  /** The window ends with whichever comes first. */
  readonly durationMs: number;
  readonly requests: number;
}

export interface WindowResult {
  readonly requests: number;
  readonly failed: number;
  readonly elapsedMs: number;
  readonly meanLatencyMs: number;
}

process.on('message', async (order: WindowOrder) => {
  process.send?.(await runWindow(order));
});

async function runWindow(order: WindowOrder): Promise<WindowResult> {
  const { hostname, port, pathname } = new URL(order.url);
  const request = Buffer.from(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
  const startMs = performance.now();
  const endMs = startMs + order.durationMs;
  let sent = 0;
  let answered = 0;
  let failed = 0;
  let latencySumMs = 0;

  function client(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      let sentMs = 0;
      let text = '';
      const next = () => {
        if (sent >= order.requests || performance.now() >= endMs) {
          socket.destroy();
          return resolve();
        }
        sent++;
        sentMs = performance.now();
        socket.write(request);
      };
      socket.setNoDelay(true);
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        const headEnd = text.indexOf('\r\n\r\n');
        const length = /content-length: (\d+)/i.exec(text)?.[1];
        if (headEnd === -1 || text.length < headEnd + 4 + Number(length)) return;
        answered++;
        latencySumMs += performance.now() - sentMs;
        if (!text.startsWith('HTTP/1.1 200')) failed++;
        text = '';
        next();
      });
      socket.on('connect', next);
    });
  }

  const sockets = Array.from({ length: order.connections }, () => connect(Number(port), hostname));
  await Promise.all(sockets.map(client));
  return {
    requests: answered,
    failed,
    elapsedMs: performance.now() - startMs,
    meanLatencyMs: latencySumMs / answered,
  };
}
