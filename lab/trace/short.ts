import { columns, printable } from '../../traces/textWidth.ts';

const longestName = 28;

/** A text in at most so many columns, without what would move the cursor. */
export function short(text: string, width = longestName): string {
  return columns(printable(text), width).trimEnd();
}
