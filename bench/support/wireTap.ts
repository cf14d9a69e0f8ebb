import { connect, createServer, type Server, type Socket } from 'node:net';
import { unixMs } from '../../pauses/clock.ts';
import { idleWatch } from '../../pauses/detector/idleWatch.ts';

/** What a {@link startTap} saw of one request. Unix milliseconds. */
export interface TappedRequest {
  /** The caller's client span, as `traceparent` says. */
  readonly callId: string;
  readonly sentUnixMs: number;
  /** For how long the tap had not been idle then: it may have had it for so long. */
  readonly sentBehindMs: number;
  /** When the first byte of the answer came; null: none did. */
  answeredUnixMs: number | null;
  answeredBehindMs: number;
}

/** Passes bytes on between callers and one service, and writes down when. */
export interface Tap {
  readonly url: string;
  /** Where it passes them on to; connections that came before are kept waiting. */
  target(url: string): void;
  readonly requests: readonly TappedRequest[];
  stop(): void;
}

/**
 * Stands on the wire between callers and a service, as neither of them is outside of what a pause
 * does: a service that has just paused is read late by a caller that is busy with the backlog.
 * It takes a chunk with a `traceparent` for the head of a request, which suits requests without a
 * body, and expects each connection to carry one at a time, as HTTP/1.1 does.
 */
export async function startTap(): Promise<Tap> {
  const target = Promise.withResolvers<URL>();
  const requests: TappedRequest[] = [];
  const sockets = new Set<Socket>();
  const idle = idleWatch();
  const behindMs = () =>
    performance.now() - (idle.lastIdleMs ?? performance.now()) + idle.coreWaitMs();
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (caller) => {
    target.promise.then(({ hostname, port }) => {
      const service = connect({ host: hostname, port: Number(port), noDelay: true });
      let open: TappedRequest | null = null;
      caller.on('data', (chunk) => {
        const nowUnixMs = unixMs();
        idle.mark();
        service.write(chunk);
        const callId = /\r\ntraceparent: ?\w\w-\w{32}-(\w{16})/i.exec(
          chunk.toString('latin1'),
        )?.[1];
        if (callId === undefined) return;
        open = {
          callId,
          sentUnixMs: nowUnixMs,
          sentBehindMs: behindMs(),
          answeredUnixMs: null,
          answeredBehindMs: 0,
        };
        requests.push(open);
      });
      service.on('data', (chunk) => {
        idle.mark();
        if (open !== null) {
          open.answeredUnixMs = unixMs();
          open.answeredBehindMs = behindMs();
        }
        open = null;
        caller.write(chunk);
      });
      link(caller, service, sockets);
      caller.resume();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: urlOf(server),
    target: (url) => target.resolve(new URL(url)),
    requests,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** When one of them ends, so does the other. */
function link(caller: Socket, service: Socket, sockets: Set<Socket>): void {
  for (const [socket, other] of [
    [caller, service],
    [service, caller],
  ] as const) {
    sockets.add(socket);
    socket.on('error', () => other.destroy());
    socket.on('end', () => other.end());
    socket.on('close', () => {
      sockets.delete(socket);
      other.end();
    });
  }
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The tap has no port');
  return `http://127.0.0.1:${address.port}`;
}
