import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
}

/** Takes traces by OTLP/HTTP in JSON, and keeps which spans came. Takes other signals unread. */
export interface TraceSink {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  stop(): void;
}

interface TracesJson {
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly { readonly spans?: readonly ReceivedSpan[] }[];
  }[];
}

export async function startTraceSink(): Promise<TraceSink> {
  const spans: ReceivedSpan[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.setHeader('content-type', 'application/json').end('{}');
    if (request.url !== '/v1/traces') return;
    const { resourceSpans = [] } = JSON.parse(Buffer.concat(chunks).toString()) as TracesJson;
    for (const { scopeSpans = [] } of resourceSpans) {
      for (const scope of scopeSpans) {
        for (const { traceId, spanId } of scope.spans ?? []) spans.push({ traceId, spanId });
      }
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
