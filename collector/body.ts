import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import pLimit from 'p-limit';
import { HttpError } from './httpError.ts';

export interface BodyLimits {
  /** Of one request, before and after inflation. */
  readonly maxBodyBytes: number;
  /** Of all requests that have not been answered; beyond it 503. */
  readonly maxPendingBytes: number;
}

export const DEFAULT_BODY_LIMITS: BodyLimits = {
  maxBodyBytes: 20 * 1024 * 1024,
  maxPendingBytes: 64 * 1024 * 1024,
};

const inflaters = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/**
 * Reads request bodies within limits of memory. What an over-long request goes on sending is
 * thrown away, so that its sender gets to read the answer.
 */
export class BodyReader {
  readonly #limits: BodyLimits;
  #pendingBytes = 0;
  // A small body can inflate to the limit: only so many at once.
  readonly #inflating = pLimit(2);

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /**
   * Reads the body and has it handled; until that is done, its bytes count as pending.
   * @throws {HttpError} 400, 413, 415 or 503.
   */
  async read(request: IncomingMessage, handle: (body: Buffer) => Promise<void>): Promise<void> {
    const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'deflate') {
      throw new HttpError(415, `Content-Encoding must be gzip or deflate; it is ${encoding}`, {
        'accept-encoding': 'gzip, deflate',
      });
    }
    if (Number(request.headers['content-length'] ?? 0) > this.#limits.maxBodyBytes) {
      throw this.#tooLarge();
    }
    const share: Share = { bytes: 0 };
    try {
      const received = await this.#receive(request, share);
      if (encoding === 'identity') await handle(received);
      else {
        const inflate = inflaters[encoding];
        const body = await this.#inflating(() => this.#inflate(inflate, received, encoding));
        this.#reserve(share, body.length);
        await handle(body);
      }
    } finally {
      this.#pendingBytes -= share.bytes;
    }
  }

  #receive(request: IncomingMessage, share: Share): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const leave = () => request.off('data', onData).off('end', onEnd).off('close', onClose);
      const onData = (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        try {
          if (length > this.#limits.maxBodyBytes) throw this.#tooLarge();
          this.#reserve(share, chunk.length);
        } catch (error) {
          leave();
          chunks.length = 0;
          reject(error);
        }
      };
      const onEnd = () => {
        leave();
        const [only] = chunks;
        resolve(chunks.length === 1 && only ? ofUsualClass(only) : Buffer.concat(chunks, length));
      };
      const onClose = () => {
        leave();
        reject(new HttpError(400, 'The connection was closed in the middle of the body'));
      };
      request.on('data', onData).on('end', onEnd).on('close', onClose);
    });
  }

  async #inflate(
    inflater: (typeof inflaters)['gzip'],
    body: Buffer,
    encoding: string,
  ): Promise<Buffer> {
    try {
      return await inflater(body, { maxOutputLength: this.#limits.maxBodyBytes });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw this.#tooLarge();
      throw new HttpError(400, `The body is not ${encoding}: ${(error as Error).message}`);
    }
  }

  /** @throws {HttpError} 503 */
  #reserve(share: Share, bytes: number): void {
    if (this.#pendingBytes + bytes > this.#limits.maxPendingBytes) {
      throw new HttpError(
        503,
        `Requests of ${this.#limits.maxPendingBytes} bytes are under way already; try again`,
        { 'retry-after': '1' },
      );
    }
    this.#pendingBytes += bytes;
    share.bytes += bytes;
  }

  #tooLarge(): HttpError {
    return new HttpError(
      413,
      `A body may have ${this.#limits.maxBodyBytes} bytes, inflated; send fewer spans at once`,
    );
  }
}

/**
 * The same bytes as a buffer such as JavaScript makes. V8 has a hidden class of its own for those
 * that come from Node's HTTP parser, and forgets it when a collection finds none of them: all code
 * optimized for it would then be thrown away, and optimized again, every few seconds.
 */
function ofUsualClass({ buffer, byteOffset, length }: Buffer): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** Of the pending bytes, what belongs to one request. */
interface Share {
  bytes: number;
}
