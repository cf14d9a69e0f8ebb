import { createReadStream } from 'node:fs';

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Offset in bytes where it begins. */
  readonly start: number;
  /** Without its line end. */
  readonly bytes: Buffer;
  /** False only for a last line that stops without a line end: a write may have been cut short. */
  readonly isWhole: boolean;
}

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1024 * 1024;

/**
 * The lines of a file, in order; holds one at a time. Blank ones are left out.
 * @throws the system's error if the file cannot be read.
 */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let number = 0;
  let start = 0;
  let parts: Buffer[] = [];

  function* take(isWhole: boolean): Generator<Line> {
    const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    parts = [];
    number++;
    if (!isBlank(bytes)) yield { number, start, bytes, isWhole };
    start += bytes.length + 1;
  }

  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    const bytes = chunk as Buffer;
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      parts.push(bytes.subarray(from, at));
      yield* take(true);
      from = at + 1;
    }
    if (from < bytes.length) parts.push(bytes.subarray(from));
  }
  if (parts.length > 0) yield* take(false);
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}
