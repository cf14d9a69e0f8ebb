import { stripVTControlCharacters, styleText } from 'node:util';
import CliTable from 'cli-table3';
import type { Result } from '../analysis/analysis.ts';
import { headline, notes, type Sentence, subject } from './sentences.ts';
import type { Cell, Table } from './table.ts';
import { arithmeticTable, articleTable, changeTable, latencyTable, pauseTable } from './tables.ts';

export interface TextOptions {
  /** Whether the terminal takes colours. */
  readonly color: boolean;
}

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

const widthColumns = 100;

/** The terminal output of a run: at most 100 columns wide, ends with a line break. */
export function renderText(result: Result, options: TextOptions): string {
  const { analysis, run } = result;
  const paint: Paint = (style, text) =>
    options.color ? styleText(style, text, { validateStream: false }) : text;
  const tables: Table[] = [
    ...analysis.groups.map((group) => pauseTable(analysis, group)),
    latencyTable(analysis, run),
    changeTable(analysis, run),
    articleTable(analysis),
    arithmeticTable(analysis),
  ].filter((table) => table !== null);
  const hasData = analysis.tiers.some(({ baseline, pauses }) => baseline || pauses);
  const blocks = [
    `${paint('bold', 'Aftershock')}  ${paint('dim', subject(result))}`,
    headline(result)
      .map((sentence) => bullet(sentence, paint))
      .join('\n'),
    ...(hasData ? tables.map((table) => drawTable(table, paint)) : []),
    notes(result)
      .map((sentence) => bullet(sentence, paint))
      .join('\n'),
  ];
  return `${blocks.join('\n\n')}\n`;
}

const signs = { good: ['green', '✓'], plain: ['cyan', '·'], bad: ['yellow', '!'] } as const;

function bullet({ tone, text }: Sentence, paint: Paint): string {
  const [color, sign] = signs[tone];
  const strong = text.replace(/\*([^*]+)\*/g, (_, figure: string) =>
    // Word by word, so that a line break does not fall into a style.
    figure.replace(/\S+/g, (word) => paint('bold', word)),
  );
  return wrap(strong, widthColumns - 4)
    .map((line, index) => (index === 0 ? `  ${paint(color, sign)} ${line}` : `    ${line}`))
    .join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && stripVTControlCharacters(longer).length > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

function drawTable({ title, columns, rows }: Table, paint: Paint): string {
  const aligns = columns.map(({ align }, index) => align ?? (index === 0 ? 'left' : 'right'));
  const widths = columns.map((_, index) => pairWidths(rows.map(({ cells }) => cells[index] ?? '')));
  const drawing = new CliTable({
    chars: borderless,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: aligns,
    head: columns.map(({ head }) =>
      head
        .split('\n')
        .map((part) => paint('dim', part))
        .join('\n'),
    ),
  });
  for (const { cells, tone } of rows) {
    drawing.push(
      cells.map((cell, index) => {
        const text = aligned(cell, widths[index] ?? [0, 0]);
        if (tone === 'quiet') return paint('dim', text);
        return tone === 'mark' && aligns[index] === 'right' ? paint('yellow', text) : text;
      }),
    );
  }
  const body = drawing.toString().split('\n');
  return [paint('bold', title), ...body.map((line) => `  ${line}`.trimEnd())].join('\n');
}

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
  middle: '   ',
};
