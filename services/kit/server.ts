import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Span } from '@opentelemetry/api';

/** A response that knows its server span: cheaper than a WeakMap, which costs every collection. */
export class TracedResponse extends ServerResponse {
  span: Span | null = null;
  /** When the handler began, by `performance.now()`. */
  beganMs = 0;
  /** The route that took the request, such as `/users/:id`. */
  route: string | null = null;
}

/** A listening HTTP server. */
export interface Listening {
  readonly url: string;
  /** Takes no new connections, and waits for open requests for at most `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

/** Resolves once the port is open, with the real address. Rejects with the system's error. */
export function listen(
  listener: (req: IncomingMessage, res: TracedResponse) => void,
  host: string,
  port: number,
): Promise<Listening> {
  const server = createServer(
    {
      // Longer than any client keeps an idle connection, or requests race with our closing it.
      keepAliveTimeout: 65_000,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      maxHeaderSize: 16_384,
      ServerResponse: TracedResponse,
    },
    listener,
  );
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve({ url: urlOf(server.address() as AddressInfo), drain });
    });
  });

  function drain(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => server.closeAllConnections(), timeoutMs);
      // A connection whose answer was on its way when we closed becomes idle only afterwards.
      const sweep = setInterval(() => server.closeIdleConnections(), 20);
      server.close(() => {
        clearTimeout(limit);
        clearInterval(sweep);
        resolve();
      });
    });
  }
}

function urlOf({ address, port, family }: AddressInfo): string {
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
  return `http://${family === 'IPv6' && host !== '127.0.0.1' ? `[${host}]` : host}:${port}`;
}

/** Answers `/health` and `/ready` itself; false for any other path. */
export function answerProbe(req: IncomingMessage, res: ServerResponse, ready: boolean): boolean {
  const health = req.url === '/health';
  if (!health && req.url !== '/ready') return false;
  const ok = health || ready;
  // Whole seconds, as `date -u` and most health checks write them.
  const timestamp = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  res.writeHead(ok ? 200 : 503, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  res.end(JSON.stringify({ status: ok ? 'ok' : 'unavailable', timestamp }));
  return true;
}
