import { styleText } from 'node:util';
import type { WaterfallPart } from '../../traces/waterfall.ts';
import type { Paint } from '../report/textTable.ts';

/** How to write to a stream: in colours or not, and how wide. */
export interface Screen {
  readonly paint: Paint;
  readonly width: number;
}

const narrowest = 60;
const widest = 160;
/** Of what is no terminal. */
const usual = 80;

/**
 * Colours on a terminal that has them, unless NO_COLOR is set (no-color.org); the width of the
 * terminal, or 80.
 */
export function screenOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): Screen {
  const isColoured = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  const columns = stream.isTTY === true ? (stream.columns ?? usual) : usual;
  return {
    paint: (style, text) =>
      isColoured && text !== '' ? styleText(style, text, { validateStream: false }) : text,
    width: Math.min(widest, Math.max(narrowest, columns)),
  };
}

const styles = {
  head: 'bold',
  bar: 'gray',
  path: 'cyan',
  pause: 'yellow',
  failed: 'red',
  note: 'dim',
} as const satisfies Record<WaterfallPart, string>;

export function partPainter(paint: Paint): (part: WaterfallPart, text: string) => string {
  return (part, text) => paint(styles[part], text);
}
