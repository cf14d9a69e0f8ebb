import type { WriteStream } from 'node:tty';

/** Where a command tells what it is doing. */
export interface Progress {
  /** A line that stays. */
  say(line: string): void;
  /** A line that the next one replaces. Shown on a terminal only. */
  live(line: string): void;
  /** Takes away what {@link live} has drawn. */
  clear(): void;
  /** Whether {@link live} shows anything. */
  readonly isLive: boolean;
}

/** Writes to `stream`, redrawing one line at the bottom where it is a terminal. */
export function progressOn(stream: NodeJS.WritableStream & Partial<WriteStream>): Progress {
  if (stream.isTTY !== true) {
    return {
      say: (line) => stream.write(`${line}\n`),
      live: () => {},
      clear: () => {},
      isLive: false,
    };
  }
  let drawn = false;
  const clear = () => {
    if (drawn) stream.write('\r\x1b[K');
    drawn = false;
  };
  return {
    say(line) {
      clear();
      stream.write(`${line}\n`);
    },
    live(line) {
      clear();
      // Cut, as a line that wraps cannot be redrawn.
      stream.write(line.slice(0, Math.max(1, (stream.columns ?? 80) - 1)));
      drawn = true;
    },
    clear,
    isLive: true,
  };
}
