import { createReadStream } from 'node:fs';

export interface JsonLine {
  /** Counted from 1. */
  readonly line: number;
  /** Offset in bytes where the line begins. */
  readonly start: number;
  readonly value: unknown;
}

/** A line that is not JSON. */
export interface LineFault {
  readonly path: string;
  readonly line: number;
  /** Offset in bytes where the line begins. */
  readonly start: number;
  /** It is the last line and has no line end: a write was cut short. */
  readonly torn: boolean;
  readonly message: string;
}

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1024 * 1024;

/**
 * The values of a file with a JSON value on each line, in order; holds one line at a time. Empty
 * lines are skipped. A line that is not JSON goes to `onFault`, which may throw; reading goes on.
 * @throws the system's error if the file cannot be read.
 */
export async function* readJsonLines(
  path: string,
  onFault: (fault: LineFault) => void,
): AsyncGenerator<JsonLine> {
  let line = 0;
  let start = 0;
  const parts: Buffer[] = [];

  function* take(terminated: boolean): Generator<JsonLine> {
    const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    parts.length = 0;
    line++;
    const text = bytes.toString();
    if (text.trim() !== '') {
      let value: unknown;
      let message: string | null = null;
      try {
        value = JSON.parse(text);
      } catch (error) {
        ({ message } = error as Error);
      }
      if (message === null) yield { line, start, value };
      else onFault({ path, line, start, torn: !terminated, message });
    }
    start += bytes.length + 1;
  }

  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    let from = 0;
    const bytes = chunk as Buffer;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      parts.push(bytes.subarray(from, at));
      yield* take(true);
      from = at + 1;
    }
    if (from < bytes.length) parts.push(bytes.subarray(from));
  }
  if (parts.length > 0) yield* take(false);
}
