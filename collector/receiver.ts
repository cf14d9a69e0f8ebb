import type { IncomingMessage, ServerResponse } from 'node:http';
import { protobufToOtlpJson } from '../traces/otlp/fromProtobuf.ts';
import { withoutFaultySpans } from '../traces/otlp/ids.ts';
import { parseOtlpJson } from '../traces/otlp/parse.ts';
import { MalformedOtlpError, type OtlpTraceRequest } from '../traces/otlp/request.ts';
import { otlpJsonBytesToProtobuf } from '../traces/otlp/toProtobuf.ts';
import type { Accounts } from './accounts.ts';
import { type BodyLimits, BodyReader } from './body.ts';
import { BoundedServer, type ConnectionLimits } from './boundedServer.ts';
import { HttpError } from './httpError.ts';
import { type IncomingRequest, SpanColumns } from './incoming.ts';
import { countItems } from './otherSignals.ts';
import { type OtlpEncoding, type Signal, sendStatus, sendSuccess } from './otlpResponse.ts';
import { scanRequest, scanTranscoded } from './scan.ts';
import type { SpanStore } from './store.ts';
import type { TraceFile } from './traceFile.ts';

export interface ReceiverOptions {
  readonly store: SpanStore;
  readonly accounts: Accounts;
  /** Every accepted request goes there before it is acknowledged; null: memory only. */
  readonly file: TraceFile | null;
  readonly limits: BodyLimits & ConnectionLimits;
}

const SIGNALS: Record<string, Signal> = {
  '/v1/traces': 'traces',
  '/v1/metrics': 'metrics',
  '/v1/logs': 'logs',
};

/** The largest body whose spans go into the columns that all requests share. */
const MAX_COLUMNS_BODY_BYTES = 4 * 1024 * 1024;

/**
 * OTLP over HTTP. Metrics and logs are checked for their shape, counted and dropped.
 * Source: opentelemetry-proto, `docs/specification.md`, OTLP/HTTP.
 */
export function createReceiver(options: ReceiverOptions): BoundedServer {
  const bodies = new BodyReader(options.limits);
  const columns = new SpanColumns();

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const encoding = encodingOf(request);
    try {
      const signal = SIGNALS[(request.url ?? '').split('?', 1)[0] ?? ''];
      if (!signal) {
        throw new HttpError(404, `There is ${Object.keys(SIGNALS).join(', ')}; not ${request.url}`);
      }
      if (request.method !== 'POST') {
        throw new HttpError(405, `${signal} are sent with POST, not ${request.method}`, {
          allow: 'POST',
        });
      }
      if (!encoding) {
        throw new HttpError(
          415,
          'Content-Type must be application/json or application/x-protobuf; it is ' +
            `${request.headers['content-type'] ?? 'missing'}`,
        );
      }
      await bodies.read(request, async (body) => {
        if (signal === 'traces') await receiveTraces(body, encoding, response);
        else {
          options.accounts.otherSignal(signal, countItems(body, encoding, signal));
          sendSuccess(response, encoding, signal);
        }
      });
    } catch (error) {
      request.resume();
      sendStatus(response, encoding ?? 'application/json', asHttpError(error));
    }
  }

  async function receiveTraces(
    body: Buffer,
    encoding: OtlpEncoding,
    response: ServerResponse,
  ): Promise<void> {
    // While a line is written, the next request is read already; large columns are not to stay.
    const isAlone = options.file === null && body.length <= MAX_COLUMNS_BODY_BYTES;
    const spans = isAlone ? columns : new SpanColumns();
    const { request, line } = decode(body, encoding, spans, options.file !== null);
    if (options.file && line && request.spans.length > 0) await options.file.append(line);
    options.store.add(request);
    options.accounts.accept(request);
    sendSuccess(response, encoding, 'traces', request.rejected, request.reason);
  }

  return new BoundedServer(options.limits, (request, response) => {
    void receive(request, response);
  });
}

function encodingOf(request: IncomingMessage): OtlpEncoding | null {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/json' || type === 'application/x-protobuf' ? type : null;
}

function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof MalformedOtlpError) return new HttpError(400, error.message);
  console.error(error);
  return new HttpError(500, `The collector failed: ${(error as Error).message}`);
}

/** @throws {MalformedOtlpError} */
function decode(
  body: Buffer,
  encoding: OtlpEncoding,
  spans: SpanColumns,
  withLine: boolean,
): { request: IncomingRequest; line: string | Buffer | null } {
  if (encoding === 'application/x-protobuf') {
    const request = scanRequest(body, spans);
    const line = withLine ? lineOf(protobufToOtlpJson(body), request.rejected) : null;
    return { request, line };
  }
  const request = scanTranscoded(otlpJsonBytesToProtobuf(body), spans);
  if (!withLine) return { request, line: null };
  if (request.rejected === 0) return { request, line: flatten(body) };
  return { request, line: lineOf(parseOtlpJson(body) as OtlpTraceRequest, request.rejected) };
}

function lineOf(request: OtlpTraceRequest, rejected: number): string {
  return JSON.stringify(rejected > 0 ? withoutFaultySpans(request) : request);
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;

/** The same JSON on one line: valid JSON has line ends between its tokens only. */
function flatten(json: Buffer): Buffer {
  if (!json.includes(NEWLINE) && !json.includes(RETURN)) return json;
  return Buffer.from(json.map((byte) => (byte === NEWLINE || byte === RETURN ? SPACE : byte)));
}
