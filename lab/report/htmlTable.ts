import { escapeHtml } from './escape.ts';
import type { Cell, Row, Table } from './table.ts';

/** A table in a box that scrolls by itself where the page is narrow. */
export function htmlTable({ title, columns, rows }: Table): string {
  const aligns = columns.map(({ align }, index) => align ?? (index === 0 ? 'left' : 'right'));
  const heads = columns.map(
    ({ head }, index) => `<th class="${aligns[index]}">${lines(head.trim())}</th>`,
  );
  const drawCell = (cell: Cell, index: number, { marks }: Row) => {
    const indent = typeof cell === 'string' && cell.startsWith(' ') ? ' indent' : '';
    const mark = marks?.includes(index) ? ' mark' : '';
    return `<td class="${aligns[index]}${indent}${mark}">${cellHtml(cell)}</td>`;
  };
  const body = rows.map(
    (row) =>
      `<tr${row.quiet ? ' class="quiet"' : ''}>` +
      `${row.cells.map((cell, index) => drawCell(cell, index, row)).join('')}</tr>`,
  );
  return (
    `<div class="table"><table><caption>${escapeHtml(title)}</caption>` +
    `<thead><tr>${heads.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`
  );
}

function cellHtml(cell: Cell): string {
  if (typeof cell === 'string') return lines(cell.trim());
  const { baseline, pauses } = cell;
  return `<span class="before">${escapeHtml(baseline)} →</span> ${escapeHtml(pauses)}`;
}

function lines(text: string): string {
  return text.split('\n').map(escapeHtml).join('<br>');
}
