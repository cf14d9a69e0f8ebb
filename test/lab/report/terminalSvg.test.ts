import { styleText } from 'node:util';
import { expect, test } from 'vitest';
import { terminalSvg } from '../../../lab/report/terminalSvg.ts';

const paint = (style: 'bold' | 'green', text: string) =>
  styleText(style, text, { validateStream: false });

test('terminalSvg() puts each piece at its column, in its style', () => {
  const svg = terminalSvg(`a  ${paint('bold', '12')} ${paint('green', 'ok')}\n\nb\n`);
  const spans = [...svg.matchAll(/<tspan x="([\d.]+)"[^>]*?(?: class="(\w+)")?>(.*?)<\/tspan>/g)];
  expect(spans.map(([, x, style, text]) => [x, style, text])).toEqual([
    ['20.0', undefined, 'a'],
    ['45.3', 'bold', '12'],
    ['70.6', 'green', 'ok'],
    ['20.0', undefined, 'b'],
  ]);
  expect(svg.match(/<text y="(\d+)"/g)).toEqual(['<text y="35"', '<text y="75"']);
});

test('terminalSvg() escapes what XML would take for markup', () => {
  expect(terminalSvg('<b> & "c"')).toContain('>&lt;b&gt; &amp; &quot;c&quot;</tspan>');
});

test('terminalSvg() is as wide as the longest line', () => {
  const width = (text: string) => Number(/width="(\d+)"/.exec(terminalSvg(text))?.[1]);
  expect(width('x'.repeat(100)) - width('x'.repeat(50))).toBe(421);
});
