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

/** How long a request that is half received at the end may still take. */
const CLOSING_GRACE_MS = 2_000;

/**
 * An HTTP server that idle or slow clients cannot occupy: a client that is too slow is answered
 * 408 and cut off, and when there are too many connections, a new one takes the place of the one
 * that has kept the server waiting longest for a whole request.
 */
export class BoundedServer {
  readonly #server: Server;
  readonly #limits: ConnectionLimits;
  /** Connections without a whole request, in the order in which they began to keep us waiting. */
  readonly #waiting = new Set<Socket>();
  /** Those of them that have sent a request's headers. */
  readonly #receiving = new Set<Socket>();
  #open = 0;
  #isClosing = false;

  constructor(limits: ConnectionLimits, listener: RequestListener) {
    this.#limits = limits;
    this.#server = createServer(
      {
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        keepAliveTimeout: 60_000,
        connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
      },
      (request, response) => {
        const { socket } = request;
        this.#receiving.add(socket);
        request.once('end', () => {
          this.#waiting.delete(socket);
          this.#receiving.delete(socket);
        });
        response.once('close', () => {
          this.#receiving.delete(socket);
          this.#waiting.delete(socket);
          if (this.#isClosing) socket.end();
          else if (!socket.destroyed) this.#waiting.add(socket);
        });
        listener(request, response);
      },
    );
    this.#server.on('connection', (socket: Socket) => this.#connected(socket));
  }

  /** Listens and gives the base URL. @throws the system's error, `EADDRINUSE` for one. */
  listen(host: string, port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host, backlog: 1024 }, () => {
        this.#server.off('error', reject);
        const { address, family, port: actual } = this.#server.address() as AddressInfo;
        resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`);
      });
    });
  }

  /** Takes no more requests; resolves when those in flight have been answered. */
  close(): Promise<void> {
    this.#isClosing = true;
    return new Promise((resolve) => {
      if (!this.#server.listening) {
        resolve();
        return;
      }
      const grace = setTimeout(() => {
        for (const socket of this.#waiting) socket.destroy();
      }, CLOSING_GRACE_MS);
      this.#server.close(() => {
        clearTimeout(grace);
        resolve();
      });
      for (const socket of this.#waiting) if (!this.#receiving.has(socket)) socket.destroy();
    });
  }

  #connected(socket: Socket): void {
    this.#open++;
    this.#waiting.add(socket);
    socket.once('close', () => {
      this.#open--;
      this.#waiting.delete(socket);
      this.#receiving.delete(socket);
    });
    if (this.#open <= this.#limits.maxConnections) return;
    const [longest = socket] = this.#waiting;
    longest.destroy();
  }
}
