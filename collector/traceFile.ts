import { type FileHandle, open } from 'node:fs/promises';
import { HttpError } from './httpError.ts';

const NEWLINE = Buffer.from('\n');

interface Waiting {
  readonly line: string | Buffer;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * A file of OTLP JSON lines (the OpenTelemetry Collector's file exporter's format) to append to.
 * An appended line has been handed to the operating system: it outlives this process, though not
 * a loss of power (it is not synced). Lines that come meanwhile are written together.
 */
export class TraceFile {
  readonly path: string;
  readonly #handle: FileHandle;
  /** Where the last whole line ends. */
  #end: number;
  /** What lies behind `#end` is left over from a write that failed. */
  #torn = false;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;

  private constructor(path: string, handle: FileHandle, end: number) {
    this.path = path;
    this.#handle = handle;
    this.#end = end;
  }

  /** Opens an existing file. @param tornAt where a torn last line begins, to be cut off. */
  static async open(path: string, tornAt: number | null): Promise<TraceFile> {
    const handle = await open(path, 'r+');
    if (tornAt !== null) await handle.truncate(tornAt);
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    if (size === 0 || last.equals(NEWLINE)) return new TraceFile(path, handle, size);
    await handle.write(NEWLINE, 0, 1, size);
    return new TraceFile(path, handle, size + 1);
  }

  /** @throws {HttpError} 503 if the line cannot be written; the file is then as it was. */
  append(line: string | Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const bytes = Buffer.concat(
        batch.flatMap(({ line }) => [typeof line === 'string' ? Buffer.from(line) : line, NEWLINE]),
      );
      try {
        if (this.#torn) await this.#mend();
        await this.#writeAll(bytes);
        this.#end += bytes.length;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#torn = true;
        await this.#mend().catch(() => undefined); // tried again before the next write
        const { message } = error as Error;
        const failure = new HttpError(503, `Cannot write to ${this.path}: ${message}`, {
          'retry-after': '5',
        });
        for (const { reject } of batch) reject(failure);
      }
    }
    this.#writing = null;
  }

  async #mend(): Promise<void> {
    await this.#handle.truncate(this.#end);
    this.#torn = false;
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(
        bytes,
        written,
        bytes.length - written,
        this.#end + written,
      );
      written += bytesWritten;
    }
  }
}
