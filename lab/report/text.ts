import { styleText } from 'node:util';
import type { Result } from '../analysis/analysis.ts';
import { arithmeticTable, articleTable } from './articleTables.ts';
import { changeTable } from './changeTable.ts';
import { headline, subject } from './headline.ts';
import { latencyTable } from './latencyTable.ts';
import { notes } from './notes.ts';
import { pauseTable } from './pauseTable.ts';
import type { Sentence } from './sentence.ts';
import type { Table } from './table.ts';
import { type Paint, textTable } from './textTable.ts';
import { wrap } from './wrap.ts';

export interface TextOptions {
  /** Whether the terminal takes colours. */
  readonly color: boolean;
  /** Width of the terminal. Tables that do not fit with the least space stay as wide as they are. */
  readonly columns?: number;
}

const mostColumns = 100;
const leastColumns = 40;

/** The terminal output of a run: at most 100 columns wide, ends with a line break. */
export function renderText(result: Result, options: TextOptions): string {
  const { analysis, run } = result;
  const width = Math.max(leastColumns, Math.min(options.columns ?? mostColumns, mostColumns));
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
    wrap(`${paint('bold', 'Aftershock')}  ${paint('dim', subject(result))}`, width).join('\n'),
    headline(result)
      .map((sentence) => bullet(sentence, paint, width))
      .join('\n'),
    ...(hasData ? tables.map((table) => textTable(table, paint, width)) : []),
    notes(result)
      .map((sentence) => bullet(sentence, paint, width))
      .join('\n'),
  ];
  return `${blocks.join('\n\n')}\n`;
}

const signs = { good: ['green', '✓'], plain: ['cyan', '·'], bad: ['yellow', '!'] } as const;

function bullet({ tone, text }: Sentence, paint: Paint, width: number): string {
  const [color, sign] = signs[tone];
  const strong = text.replace(/\*([^*]+)\*/g, (_, figure: string) =>
    // Word by word, so that a line break does not fall into a style.
    figure.replace(/\S+/g, (word) => paint('bold', word)),
  );
  return wrap(strong, width - 4)
    .map((line, index) => (index === 0 ? `  ${paint(color, sign)} ${line}` : `    ${line}`))
    .join('\n');
}
