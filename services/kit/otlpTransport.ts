import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';

/** What came of sending one batch. */
export type SendResult =
  /** `rejected` of its items were not taken (partial success), for `reason`. */
  | { readonly status: 'accepted'; readonly rejected: number; readonly reason: string }
  /** Not now: worth another attempt, after `afterMs` if the collector named a time. */
  | { readonly status: 'unavailable'; readonly afterMs: number | null; readonly reason: string }
  /** Never: another attempt would end the same. */
  | { readonly status: 'refused'; readonly reason: string };

export interface OtlpTransport {
  /** One attempt. Never rejects. */
  send(body: Uint8Array): Promise<SendResult>;
  /** Cuts off what is in flight. */
  close(): void;
}

const protobuf = 'application/x-protobuf';
const signals = {
  TRACES: { path: 'v1/traces', type: protobuf },
  LOGS: { path: 'v1/logs', type: 'application/json' },
} as const;
/** OTLP/HTTP, "Retryable Response Codes". */
const retryable = new Set([429, 502, 503, 504]);
const maxAnswerBytes = 65_536;

/**
 * Sends one signal over OTLP/HTTP, traces in protobuf and logs in JSON, one attempt a call: where
 * the SDK's exporter tries again by itself it does so for ten seconds, keeps the collector's wishes
 * to itself and then gives up. Endpoint, headers, compression, time-out and certificates are those
 * of the `OTEL_EXPORTER_OTLP_…` variables, as the SDK reads them.
 *
 * An attempt whose time is up, or whose connection broke, may have been taken all the same: then the
 * next attempt makes duplicates, which have the same span ids. OTLP knows no remedy.
 *
 * @param timeoutMs for one attempt, from connecting to the last byte; by default
 *   `OTEL_EXPORTER_OTLP_TIMEOUT`, or 10 s.
 */
export function otlpTransport(signal: keyof typeof signals, timeoutMs?: number): OtlpTransport {
  const { path, type } = signals[signal];
  const configuration = convertLegacyHttpOptions({}, signal, path, { 'Content-Type': type });
  const url = new URL(configuration.url);
  const request = url.protocol === 'https:' ? https.request : http.request;
  const limitMs = timeoutMs ?? configuration.timeoutMillis;
  const zipped = configuration.compression === 'gzip';
  let agent: Agent | undefined;
  let current: ClientRequest | null = null;

  async function send(body: Uint8Array): Promise<SendResult> {
    try {
      agent ??= (await configuration.agentFactory(url.protocol)) as Agent;
      const headers = { ...(await configuration.headers()), 'content-length': '' };
      if (zipped) Object.assign(headers, { 'content-encoding': 'gzip' });
      const bytes = zipped ? await promisify(gzip)(body) : body;
      headers['content-length'] = String(bytes.byteLength);
      return await context.with(suppressTracing(context.active()), () => post(headers, bytes));
    } catch (error) {
      return { status: 'unavailable', afterMs: null, reason: (error as Error).message };
    }
  }

  function post(headers: Record<string, string>, body: Uint8Array): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      const req = request(url, { method: 'POST', headers, agent: agent as Agent }, (res) => {
        readAnswer(res).then((answer) => resolve(resultOf(res, answer)), reject);
      });
      current = req;
      const timer = setTimeout(
        () => req.destroy(new Error(`no answer within ${limitMs} ms`)),
        limitMs,
      );
      req.on('error', reject);
      req.on('close', () => {
        clearTimeout(timer);
        current = null;
      });
      req.end(body);
    });
  }

  return {
    send,
    close() {
      current?.destroy(new Error('the export was given up'));
      agent?.destroy();
    },
  };
}

async function readAnswer(res: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Read to the end, whatever its length: only then can the connection serve again.
  for await (const chunk of res as AsyncIterable<Buffer>) {
    if (length < maxAnswerBytes) chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
}

function resultOf({ statusCode = 0, headers }: IncomingMessage, answer: Buffer): SendResult {
  const isProtobuf = headers['content-type']?.startsWith(protobuf) ?? false;
  if (statusCode >= 200 && statusCode < 300)
    return { status: 'accepted', ...partialSuccess(answer, isProtobuf) };
  const said = isProtobuf ? statusMessage(answer) : answer.toString();
  const reason = `the collector answered ${statusCode} ${said.slice(0, 200)}`.trimEnd();
  if (!retryable.has(statusCode)) return { status: 'refused', reason };
  return { status: 'unavailable', afterMs: readRetryAfter(headers['retry-after']), reason };
}

/** What a collector says of items that it did not take. One that says it in no way took them all. */
function partialSuccess(answer: Buffer, isProtobuf: boolean): { rejected: number; reason: string } {
  let said: unknown;
  try {
    said = isProtobuf
      ? ProtobufTraceSerializer.deserializeResponse(answer)
      : JSON.parse(answer.toString() || '{}');
  } catch {
    return { rejected: 0, reason: '' };
  }
  const part = (said as { partialSuccess?: Record<string, unknown> } | null)?.partialSuccess ?? {};
  // 64-bit integers are strings in OTLP's JSON.
  const rejected = Number(part.rejectedSpans ?? part.rejectedLogRecords ?? 0);
  return {
    rejected: Number.isInteger(rejected) && rejected > 0 ? rejected : 0,
    reason: typeof part.errorMessage === 'string' ? part.errorMessage : '',
  };
}

/** The message of a `google.rpc.Status`: field 2, after a code of one byte; else all, as text. */
function statusMessage(answer: Buffer): string {
  let at = answer[0] === 0x08 ? 2 : 0;
  if (answer[at] !== 0x12) return answer.toString();
  while ((answer[++at] ?? 0) >= 0x80); // its length
  return answer.toString('utf8', at + 1);
}

/** Milliseconds, of seconds or a date (RFC 9110, 10.2.3); null where there is no valid one. */
export function readRetryAfter(header: string | undefined, nowUnixMs = Date.now()): number | null {
  if (header === undefined) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const untilUnixMs = Date.parse(header);
  return Number.isNaN(untilUnixMs) ? null : Math.max(0, untilUnixMs - nowUnixMs);
}
