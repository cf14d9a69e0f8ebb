import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { protobufToOtlpJson } from '../../traces/otlp/fromProtobuf.ts';

export interface Point {
  readonly attributes: Record<string, unknown>;
  /** Of a sum or a gauge. */
  readonly value?: number;
  /** Of a histogram. */
  readonly count?: number;
  readonly bounds?: readonly number[];
}

interface Metric {
  readonly unit: string;
  readonly type: 'sum' | 'gauge' | 'histogram';
  readonly points: readonly Point[];
}

interface LogRecord {
  readonly body: unknown;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly timeUnixNano: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: Record<string, unknown>;
}

interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** As in OTLP: 2 server, 3 client. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly attributes: Record<string, unknown>;
}

/** All that came by OTLP; of a metric the newest. */
export interface Received {
  readonly spans: ReceivedSpan[];
  readonly metrics: Map<string, Metric>;
  readonly logs: LogRecord[];
  readonly resources: Record<string, Record<string, unknown>>;
}

/** No answer at all, or 503 and `Retry-After: 1`. */
type Trouble = 'hanging' | 'unavailable';

async function readBody(req: IncomingMessage): Promise<unknown> {
  const bytes = await buffer(req);
  return req.headers['content-type'] === 'application/x-protobuf'
    ? protobufToOtlpJson(bytes)
    : JSON.parse(bytes.toString());
}

/** A collector that keeps what it is sent, and behaves as badly as a test wants, once. */
export async function startSignalCollector() {
  const received: Received = { spans: [], metrics: new Map(), logs: [], resources: {} };
  let trouble: { kind: Trouble; met: () => void } | null = null;
  let port = 0;
  const server = createServer(async (req, res) => {
    const signal = req.url?.split('/').at(-1) ?? '';
    // biome-ignore lint/suspicious/noExplicitAny: OTLP JSON, of which a test wants a few fields
    const body = (await readBody(req)) as any;
    if (trouble === null) {
      keep(received, signal, body);
      res.setHeader('content-type', 'application/json').end('{}');
      return;
    }
    const { kind, met } = trouble;
    trouble = null;
    if (kind === 'unavailable') res.writeHead(503, { 'retry-after': '1' }).end();
    met();
  });

  async function open(): Promise<void> {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  }
  function close(): Promise<void> {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  }

  await open();
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    /** Makes trouble once; resolves when it has. */
    nextAttempt: (kind: Trouble) =>
      new Promise<void>((met) => {
        trouble = { kind, met };
      }),
    /** Stops listening, at once. */
    close,
    /** Listens again, where it did. */
    open,
    stop: () => void close(),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function keep(received: Received, signal: string, body: any): void {
  for (const of of body.resourceSpans ?? body.resourceMetrics ?? body.resourceLogs) {
    received.resources[signal] = plain(of.resource.attributes);
    keepScopes(received, of.scopeSpans ?? of.scopeMetrics ?? of.scopeLogs);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function keepScopes(received: Received, scopes: any): void {
  for (const scope of scopes) {
    for (const span of scope.spans ?? []) {
      const { name, traceId, spanId, kind, startTimeUnixNano, attributes } = span;
      const ids = { traceId, spanId };
      received.spans.push({ name, ...ids, kind, startTimeUnixNano, attributes: plain(attributes) });
    }
    for (const metric of scope.metrics ?? []) received.metrics.set(metric.name, readMetric(metric));
    for (const record of scope.logRecords ?? []) {
      const { timeUnixNano, severityNumber, severityText, traceId, spanId } = record;
      received.logs.push({
        body: record.body.stringValue,
        severityNumber,
        severityText,
        timeUnixNano,
        ...(traceId === undefined ? {} : { traceId, spanId }),
        attributes: plain(record.attributes),
      });
    }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function readMetric(metric: any): Metric {
  const type = (['sum', 'gauge', 'histogram'] as const).find((key) => metric[key] !== undefined);
  if (type === undefined) throw new Error(`A metric of no known type: ${JSON.stringify(metric)}`);
  return {
    unit: metric.unit,
    type,
    // biome-ignore lint/suspicious/noExplicitAny: see above
    points: metric[type].dataPoints.map((point: any) => ({
      attributes: plain(point.attributes),
      ...(type === 'histogram'
        ? { count: point.count, bounds: point.explicitBounds }
        : { value: point.asInt ?? point.asDouble }),
    })),
  };
}

function plain(attributes: readonly { key: string; value: Record<string, unknown> }[]) {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
