import { SourceError } from './sourceError.ts';

export interface GetLimits {
  /** From the request to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Of the body, uncompressed. */
  readonly maxBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** What the other side calls itself; empty: it does not say. */
  readonly server?: string;
  readonly body: Buffer;
}

/**
 * One HTTP GET, whose whole body is held in memory.
 * @param waitedFor what it is for, as in "no answer while waiting for …".
 * @param headers of the request; without an `accept` it asks for JSON.
 * @throws {SourceError} `unreachable`, `timeout`, `truncated` or `tooLarge`, naming the address.
 * @throws the reason of `signal` if it aborts.
 */
export async function boundedGet(
  url: string,
  waitedFor: string,
  limits: GetLimits,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const { timeoutMs, maxBytes } = limits;
  const { origin } = new URL(url);
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  let response: Response | null = null;
  try {
    response = await fetch(url, {
      signal: either,
      headers: { accept: 'application/json', ...headers },
    });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        throw new SourceError(
          'tooLarge',
          `${origin} answers with more than ${maxBytes} bytes for ${waitedFor}; ask for less at once`,
        );
      }
      chunks.push(chunk);
    }
    const contentType = response.headers.get('content-type') ?? '';
    const server = response.headers.get('server') ?? '';
    return { status: response.status, contentType, server, body: Buffer.concat(chunks) };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SourceError) throw error;
    if (timeout.aborted) {
      throw new SourceError(
        'timeout',
        `${origin} gave no ${response === null ? '' : 'whole '}answer within ` +
          `${timeoutMs / 1000} s while waiting for ${waitedFor}`,
        { cause: error },
      );
    }
    const why = reason(error);
    throw response === null
      ? new SourceError(
          'unreachable',
          `${origin} cannot be reached for ${waitedFor}: ${why}; is it running, and is the ` +
            'address right?',
          { cause: error },
        )
      : new SourceError(
          'truncated',
          `${origin} broke off its answer with ${waitedFor}: ${why}; it may have been restarted, ` +
            'or have run out of memory',
          { cause: error },
        );
  }
}

/** What `fetch` hides behind "fetch failed" and "terminated". */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, errors } = error as NodeJS.ErrnoException & { errors?: unknown[] };
  // Of several addresses of a host each has failed for its own reason; the first says enough.
  if (error.message === '' && errors?.[0] !== undefined) return reason(errors[0]);
  return error.cause === undefined ? error.message || (code ?? error.name) : reason(error.cause);
}
