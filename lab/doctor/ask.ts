import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { connect } from 'node:tls';

/** Why there is no HTTP answer. */
export type FailureKind =
  /** Nothing listens there. */
  | 'refused'
  /** The host's name is not known to DNS. */
  | 'unknown-host'
  /** Nothing came, or not all of it, within the time limit. */
  | 'timeout'
  /** Connected, and closed without an answer. */
  | 'closed'
  /** Answered with HTTP/2 frames, as a gRPC server does. */
  | 'speaks-grpc'
  /** Expects TLS, and was sent plain HTTP. */
  | 'speaks-tls'
  /** Was sent TLS, and answered with something else. */
  | 'no-tls'
  /** Answered with what is no HTTP. */
  | 'no-http'
  | 'too-large'
  | 'other';

export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: string;
      /** From sending to the last byte. */
      readonly durationMs: number;
    }
  | { readonly kind: FailureKind; readonly message: string; readonly durationMs: number };

export interface AskOptions {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** An answer that is longer is not read. */
  readonly maxBytes?: number;
}

const defaultMaxBytes = 8 << 20;

/** Sends one request over a connection of its own. Never rejects: what went wrong is the reply. */
export async function ask(url: string, options: AskOptions): Promise<Reply> {
  const reply = await request(new URL(url), options);
  // A TLS server closes on plain HTTP, without a word or with one that not every server says.
  const suspicious =
    reply.kind === 'closed' || (reply.kind === 'answer' && /to an HTTPS server/i.test(reply.body));
  if (!suspicious || !url.startsWith('http:') || !(await speaksTls(new URL(url), 2000))) {
    return reply;
  }
  const { durationMs } = reply;
  return { kind: 'speaks-tls', message: 'the port speaks TLS', durationMs };
}

function request(url: URL, options: AskOptions): Promise<Reply> {
  const { method = 'GET', headers = {}, body, timeoutMs, maxBytes = defaultMaxBytes } = options;
  const startMs = performance.now();
  return new Promise((resolve) => {
    const end = (kind: FailureKind, message: string) => {
      clearTimeout(timer);
      outgoing.destroy();
      resolve({ kind, message, durationMs: performance.now() - startMs });
    };
    const outgoing = (url.protocol === 'https:' ? https : http).request(url, {
      method,
      agent: false,
      headers: {
        ...headers,
        ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
      },
    });
    const timer = setTimeout(
      () => end('timeout', `nothing within ${timeoutMs / 1000} s`),
      timeoutMs,
    );
    outgoing.on('error', (error: RequestError) => end(failureKind(error), messageOf(error)));
    outgoing.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('error', (error) => end('closed', error.message));
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length > maxBytes) end('too-large', `the answer has more than ${maxBytes} bytes`);
      });
      response.on('end', () => {
        clearTimeout(timer);
        resolve({
          kind: 'answer',
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks, length).toString(),
          durationMs: performance.now() - startMs,
        });
      });
    });
    outgoing.end(body);
  });
}

/** What Node's sockets, TLS and HTTP parser throw. */
interface RequestError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  readonly errors?: readonly NodeJS.ErrnoException[];
}

function failureKind(error: RequestError): FailureKind {
  const code = error.code ?? error.errors?.[0]?.code ?? '';
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown-host';
  if (code === 'ETIMEDOUT') return 'timeout';
  if (code.startsWith('HPE_')) return protocolOf(error.rawPacket ?? Buffer.alloc(0));
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'closed';
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return 'no-tls';
  return 'other';
}

/** By the first bytes: an HTTP/2 SETTINGS frame (RFC 9113, 6.5), a TLS alert (RFC 8446, 6). */
function protocolOf(bytes: Buffer): FailureKind {
  if (bytes.length >= 9 && bytes[3] === 4 && bytes.readUInt32BE(5) === 0) return 'speaks-grpc';
  return bytes[0] === 0x15 && bytes[1] === 3 ? 'speaks-tls' : 'no-http';
}

function messageOf({ message, code, errors }: RequestError): string {
  // OpenSSL's reason stands within places of its source and line breaks.
  const reason = /SSL routines:[^:]*:([^:]+):/.exec(message)?.[1];
  if (reason !== undefined) return reason;
  // Where a name has several addresses, the error holds one for each.
  return message || errors?.map((each) => each.message).join(', ') || code || 'unknown error';
}

/** Whether a TLS handshake gets somewhere; certificates do not matter. */
function speaksTls(url: URL, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(url.port || 80), rejectUnauthorized: false });
    const end = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.once('secureConnect', () => end(true)).once('error', () => end(false));
  });
}
