import { stripVTControlCharacters, type styleText } from 'node:util';
import CliTable from 'cli-table3';
import type { Cell, Table } from './table.ts';
import { wrap } from './wrap.ts';

/** Colours `text`, or leaves it as it is. */
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/**
 * A table without borders. Until it fits, the space between its columns shrinks; then, where the
 * last column is words, they are wrapped.
 */
export function textTable(
  { title, columns, rows }: Table,
  paint: Paint,
  widthColumns: number,
): string {
  const aligns = columns.map(({ align }, index) => align ?? (index === 0 ? 'left' : 'right'));
  const last = columns.length - 1;
  const widths = columns.map((_, index) => pairWidths(rows.map(({ cells }) => cells[index] ?? '')));
  const draw = (gap: string, lastWidth = Number.POSITIVE_INFINITY) => {
    const drawing = new CliTable({
      chars: { ...borderless, middle: gap },
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
      colAligns: aligns,
      head: columns.map(({ head }) =>
        head
          .split('\n')
          .map((part) => (part === '' ? '' : paint('dim', part)))
          .join('\n'),
      ),
    });
    for (const { cells, quiet, marks } of rows) {
      drawing.push(
        cells.map((cell, index) => {
          const line = aligned(cell, widths[index] ?? [0, 0]);
          const text = index === last ? wrap(line, lastWidth).join('\n') : line;
          if (quiet) return paint('dim', text);
          return marks?.includes(index) ? paint('yellow', text) : text;
        }),
      );
    }
    return drawing
      .toString()
      .split('\n')
      .map((line) => `  ${line}`.trimEnd());
  };
  const widthOf = (lines: readonly string[]) =>
    Math.max(...lines.map((line) => stripVTControlCharacters(line).length));
  for (const gap of ['   ', '  ', ' ']) {
    const body = draw(gap);
    if (widthOf(body) <= widthColumns) return [paint('bold', title), ...body].join('\n');
  }
  const narrow = draw(' ');
  const words = rows.map(({ cells }) => cells[last]).filter((cell) => typeof cell === 'string');
  const wordsWidth = Math.max(...words.map((text) => text.length));
  const room = wordsWidth - (widthOf(narrow) - widthColumns);
  const body = aligns[last] === 'left' && room >= leastWordsWidth ? draw(' ', room) : narrow;
  return [paint('bold', title), ...body].join('\n');
}

/** Narrower, hardly two words stand in a line. */
const leastWordsWidth = 12;

/** Widest text on either side of the arrows of a column. */
function pairWidths(cells: readonly Cell[]): [number, number] {
  const pairs = cells.filter((cell) => typeof cell !== 'string');
  return [
    Math.max(0, ...pairs.map(({ baseline }) => baseline.length)),
    Math.max(0, ...pairs.map(({ pauses }) => pauses.length)),
  ];
}

/** Pairs of a column have their arrows below one another. */
function aligned(cell: Cell, [before, after]: readonly [number, number]): string {
  if (typeof cell === 'string') return cell;
  return `${cell.baseline.padStart(before)} → ${cell.pauses.padStart(after)}`;
}

const borderless = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
};
