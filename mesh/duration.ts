import type { Milliseconds } from './mesh.ts';

/** How a length of time is written: a decimal number and `ms`, `s` or `m`. */
export const durationPattern = /^(?:\d+(?:\.\d+)?|\.\d+)(?:ms|s|m)$/;

const millisecondsPerUnit = { ms: 1, s: 1000, m: 60_000 } as const;
type Unit = keyof typeof millisecondsPerUnit;

/**
 * Reads `120ms`, `1.5s` or `2m`.
 * @throws {SyntaxError} if the text is not written so.
 */
export function parseDuration(text: string): Milliseconds {
  if (!durationPattern.test(text)) {
    throw new SyntaxError(
      `Cannot read ${JSON.stringify(text)} as a length of time: it needs a number and a unit, ` +
        'such as 120ms, 1.5s or 2m',
    );
  }
  const unit = text.replace(/^[\d.]+/, '') as Unit;
  return Number.parseFloat(text) * millisecondsPerUnit[unit];
}

/**
 * Writes a length of time so that {@link parseDuration} gives exactly `ms` again, in the largest
 * unit that has at least one of it: 1500 → `1.5s`.
 * @param ms 0, or at least 1e-6: below, JavaScript writes exponents.
 */
export function formatDuration(ms: Milliseconds): string {
  for (const unit of ['m', 's'] as const) {
    const text = `${ms / millisecondsPerUnit[unit]}${unit}`;
    // Short texts only: 100 000 ms is 100s rather than 1.6666666666666667m.
    if (ms >= millisecondsPerUnit[unit] && text.length <= 6 && parseDuration(text) === ms) {
      return text;
    }
  }
  return `${ms}ms`;
}
