import type { Analysis } from '../analysis/analysis.ts';
import { percent, quantileMs } from './format.ts';
import type { Table } from './table.ts';

/** The article's cells beside the measured ones, and what was on; null for other meshes. */
export function articleTable({ article }: Analysis): Table | null {
  if (!article) return null;
  return {
    title: 'The article’s table beside this run’s',
    columns: [
      { head: 'pause' },
      { head: 'tier here\n(article’s)', align: 'left' },
      { head: 'article\nP99' },
      { head: 'here\nP99, ms' },
      { head: 'here\nmax, ms' },
      { head: 'here\nfailed' },
      { head: 'switched on\n', align: 'left' },
    ],
    rows: article.map((cell) => ({
      cells: [
        `${cell.articlePauseMs} ms`,
        `${cell.tier} (${cell.articleTier}) ${cell.services.join(', ')}`,
        cell.article,
        quantileMs(cell.p99Ms),
        quantileMs(cell.maxMs),
        cell.failedShare === null ? 'no data' : percent(cell.failedShare),
        cell.switchedOn.join('\n'),
      ],
    })),
  };
}

/** What can and cannot be, whatever is measured; null for other meshes. */
export function arithmeticTable({ article }: Analysis): Table | null {
  if (!article) return null;
  return {
    title: 'What arithmetic says of the article’s figures',
    columns: [{ head: 'pause' }, { head: 'article' }, { head: '', align: 'left' }],
    rows: article.map(({ articlePauseMs, article, arithmetic }) => ({
      cells: [`${articlePauseMs} ms`, article, arithmetic],
    })),
  };
}
