import { escapeHtml } from './escape.ts';

/** SGR codes that {@link terminalSvg} knows, and the class of what follows; null ends a style. */
const styles: Readonly<Record<string, string | null>> = {
  '1': 'bold',
  '2': 'dim',
  '22': null,
  '31': 'red',
  '32': 'green',
  '33': 'yellow',
  '36': 'cyan',
  '39': null,
};

const fontSize = 14;
const columnWidth = 8.43;
const lineHeight = 20;
const padding = 20;

const css = `
text { font: ${fontSize}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
  fill: #d8dee4; white-space: pre; }
.bold { font-weight: 700; fill: #fff; } .dim { fill: #8b98a5; } .red { fill: #ff7b72; }
.green { fill: #56d364; } .yellow { fill: #e3b341; } .cyan { fill: #76c7d9; }`;

/**
 * What a terminal shows of `text`, as an SVG picture. Understands the SGR escape sequences of
 * `util.styleText` for bold, dim, red, green, yellow and cyan; others are left out.
 */
export function terminalSvg(text: string): string {
  const lines = text.replace(/\n+$/, '').split('\n').map(pieces);
  const columns = Math.max(...lines.map((line) => line.at(-1)?.endColumn ?? 0));
  const width = Math.ceil(2 * padding + columns * columnWidth);
  const height = 2 * padding + lines.length * lineHeight;
  const rows = lines.map((line, index) => {
    const y = padding + index * lineHeight + 15;
    // Each piece has a place of its own: columns stay in line whatever the font's width is.
    const spans = line.map(({ column, endColumn, text: part, style }) => {
      const x = (padding + column * columnWidth).toFixed(1);
      const length = ((endColumn - column) * columnWidth).toFixed(1);
      const look = style === null ? '' : ` class="${style}"`;
      return `<tspan x="${x}" textLength="${length}"${look}>${escapeHtml(part)}</tspan>`;
    });
    return spans.length > 0 ? `<text y="${y}">${spans.join('')}</text>` : '';
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}"><style>${css}</style>` +
    `<rect width="100%" height="100%" rx="8" fill="#14171a"/>${rows.join('\n')}</svg>\n`
  );
}

interface Piece {
  readonly column: number;
  readonly endColumn: number;
  readonly text: string;
  readonly style: string | null;
}

/** Words between gaps of two and more spaces or changes of style. */
function pieces(line: string): Piece[] {
  const found: Piece[] = [];
  let column = 0;
  let style: string | null = null;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one.
  for (const [part, code] of line.matchAll(/\x1b\[(\d+)m| {2,}|(?:(?! {2}|\x1b).)+/g)) {
    if (code !== undefined) {
      style = styles[code] ?? null;
      continue;
    }
    const endColumn = column + part.length;
    if (part.trim() !== '') found.push({ column, endColumn, text: part, style });
    column = endColumn;
  }
  return found;
}
