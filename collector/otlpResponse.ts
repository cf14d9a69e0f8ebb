import type { ServerResponse } from 'node:http';
import { WireWriter } from '../traces/otlp/wireWriter.ts';
import type { HttpError } from './httpError.ts';

export type OtlpEncoding = 'application/json' | 'application/x-protobuf';

const ITEMS = { traces: 'Spans', metrics: 'DataPoints', logs: 'LogRecords' } as const;
export type Signal = keyof typeof ITEMS;

/** 200 with an `Export…ServiceResponse`; `partial_success` is set only if something was rejected. */
export function sendSuccess(
  response: ServerResponse,
  encoding: OtlpEncoding,
  signal: Signal,
  rejected = 0,
  reason: string | null = null,
): void {
  const isJson = encoding === 'application/json';
  if (rejected === 0) {
    send(response, 200, encoding, isJson ? '{}' : '');
    return;
  }
  if (isJson) {
    const partialSuccess = {
      [`rejected${ITEMS[signal]}`]: String(rejected),
      errorMessage: reason ?? '',
    };
    send(response, 200, encoding, JSON.stringify({ partialSuccess }));
    return;
  }
  const out = new WireWriter();
  out.message(1, () => {
    out.uint(1, rejected);
    out.text(2, reason ?? '');
  });
  send(response, 200, encoding, out.finish());
}

/** Numbers of google.rpc.Code. */
const RPC_CODES: Record<number, number> = {
  400: 3, // INVALID_ARGUMENT
  404: 5, // NOT_FOUND
  405: 12, // UNIMPLEMENTED
  413: 8, // RESOURCE_EXHAUSTED
  415: 3,
  503: 14, // UNAVAILABLE
};

/** An error status with a `google.rpc.Status` as its body. */
export function sendStatus(
  response: ServerResponse,
  encoding: OtlpEncoding,
  error: HttpError,
): void {
  const status = { code: RPC_CODES[error.status] ?? 13 /* INTERNAL */, message: error.message };
  if (encoding === 'application/json') {
    send(response, error.status, encoding, JSON.stringify(status), error.headers);
    return;
  }
  const out = new WireWriter();
  out.uint(1, status.code);
  out.text(2, status.message);
  send(response, error.status, encoding, out.finish(), error.headers);
}

function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  // Nothing to write is one system call less.
  if (body.length > 0) response.end(body);
  else response.end();
}
