import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ConnectionLimits {
  /** Connections held at once. */
  readonly maxConnections: number;
  /** Time that a client has for a request's headers. */
  readonly headersTimeoutMs: number;
  /** Time that a client has for a whole request. */
  readonly requestTimeoutMs: number;
}

export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  maxConnections: 2_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
};

/**
 * An HTTP server that idle or slow clients cannot occupy: a client that is too slow is answered
 * 408 and cut off, and when there are too many connections, a new one takes the place of the one
 * that has kept the server waiting longest for a whole request.
 */
export function createBoundedServer(limits: ConnectionLimits, listener: RequestListener): Server {
  // In the order in which they began to keep the server waiting.
  const waiting = new Set<Socket>();
  let open = 0;
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: 60_000,
      connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
    },
    (request, response) => {
      const { socket } = request;
      request.once('end', () => waiting.delete(socket));
      response.once('close', () => {
        if (socket.destroyed) return;
        waiting.delete(socket);
        waiting.add(socket);
      });
      listener(request, response);
    },
  );
  server.on('connection', (socket: Socket) => {
    open++;
    waiting.add(socket);
    socket.once('close', () => {
      open--;
      waiting.delete(socket);
    });
    if (open <= limits.maxConnections) return;
    const [longest = socket] = waiting;
    longest.destroy();
  });
  return server;
}

/** Listens and gives the base URL. @throws the system's error, `EADDRINUSE` for one. */
export function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: 1024 }, () => {
      server.off('error', reject);
      const { address, family, port: actual } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`);
    });
  });
}

/** Takes no more connections and resolves when the requests in flight have been answered. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve();
      return;
    }
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
