/**
 * A load generator that costs little: some connections, each sending its next request when the last
 * answer is there. It measures work, not latency under load: for that, `lab/load` is open loop.
 * Forked with a URL; asked by message for a window, it answers with what it saw.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { arrivals } from '../../lab/load/schedule.ts';
import { randomStream } from '../../mesh/random.ts';

export interface WindowOrder {
  readonly url: string;
  readonly connections: number;
  /** The window ends with whichever comes first. */
  readonly durationMs: number;
  readonly requests: number;
  /** When requests are due, of all connections together; default: as many as they can. */
  readonly poisson?: PoissonArrivals;
}

/**
 * Requests a second on average. By chance, because several loads that are evenly apart keep their
 * places in each other's gaps: the same process is then always the one that wakes the core.
 */
export interface PoissonArrivals {
  readonly rate: number;
  readonly seed: number;
  /** Others of this seed are independent of it. */
  readonly stream: string;
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
process.once('disconnect', () => process.exit());

/** Open connections by URL. They outlive a window: opening one costs as much as some requests. */
const idle = new Map<string, Socket[]>();

function dueTimes({ rate, seed, stream }: PoissonArrivals): Generator<number, void> {
  return arrivals({ rate, arrivals: 'poisson' }, Infinity, randomStream(seed, stream));
}

async function runWindow(order: WindowOrder): Promise<WindowResult> {
  const { host, hostname, port, pathname } = new URL(order.url);
  const request = Buffer.from(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  const kept = (idle.get(host) ?? []).filter((socket) => !socket.destroyed);
  const opening = Array.from({ length: Math.max(0, order.connections - kept.length) }, () =>
    open(),
  );
  const sockets = [...kept, ...(await Promise.all(opening))];
  const startMs = performance.now();
  const endMs = startMs + order.durationMs;
  const { poisson } = order;
  const due = poisson && dueTimes(poisson);
  let sent = 0;
  let answered = 0;
  let failed = 0;
  let latencySumMs = 0;

  async function open(): Promise<Socket> {
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    // While no window runs, that a service ends is no failure.
    socket.setNoDelay(true).on('error', () => {});
    return socket;
  }

  function client(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      let sentMs = 0;
      let text = '';
      const next = () => {
        const nowMs = performance.now();
        if (sent >= order.requests || nowMs >= endMs) {
          socket.off('data', read).off('close', fail);
          return resolve();
        }
        const dueMs = due === undefined ? nowMs : startMs + (due.next().value as number);
        sent++;
        if (dueMs <= nowMs) send();
        else setTimeout(send, dueMs - nowMs);
      };
      const send = () => {
        sentMs = performance.now();
        socket.write(request);
      };
      const read = (chunk: Buffer) => {
        text += chunk.toString('latin1');
        const headEnd = text.indexOf('\r\n\r\n');
        const length = /content-length: (\d+)/i.exec(text)?.[1];
        if (headEnd === -1 || text.length < headEnd + 4 + Number(length)) return;
        answered++;
        latencySumMs += performance.now() - sentMs;
        if (!text.startsWith('HTTP/1.1 200')) failed++;
        text = '';
        next();
      };
      const fail = () => reject(new Error(`${host} closed a connection`));
      socket.on('data', read).on('close', fail);
      next();
    });
  }

  await Promise.all(sockets.slice(0, order.connections).map(client));
  idle.set(host, sockets);
  return {
    requests: answered,
    failed,
    elapsedMs: performance.now() - startMs,
    meanLatencyMs: latencySumMs / answered,
  };
}
