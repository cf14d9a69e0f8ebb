import { expect, test } from 'vitest';
import { columns, printable, textWidth } from '../../traces/textWidth.ts';

test.each([
  { text: '', width: 0 },
  { text: 'abc', width: 3 },
  { text: 'é', width: 1 },
  { text: 'e\u0301', width: 1 },
  { text: 'e\u302a', width: 1 },
  { text: '日本', width: 4 },
  { text: 'a日', width: 3 },
  { text: '𠀀', width: 2 },
  { text: '🙂', width: 2 },
  { text: '👩‍👧', width: 2 },
  { text: '❤', width: 1 },
  { text: '❤\ufe0f', width: 2 },
  { text: '❤\ufe0f\u200d🔥', width: 2 },
  { text: '1\ufe0f\u20e3', width: 2 },
  { text: 'a\ufe0f', width: 1 },
  { text: '█', width: 1 },
])('textWidth() of $text is $width', ({ text, width }) => {
  expect(textWidth(text)).toBe(width);
});

test.each([
  { text: 'abc', width: 5, want: 'abc  ' },
  { text: 'abc', width: 3, want: 'abc' },
  { text: 'abcd', width: 3, want: 'ab…' },
  { text: '日本語', width: 6, want: '日本語' },
  { text: '日本語', width: 5, want: '日本…' },
  { text: '日本語', width: 4, want: '日… ' },
  { text: 'a日本', width: 4, want: 'a日…' },
  { text: 'abcd', width: 1, want: '…' },
])('columns() of $text in $width are "$want"', ({ text, width, want }) => {
  expect(columns(text, width)).toBe(want);
});

test.each([
  { text: 'GET /a', want: 'GET /a' },
  { text: 'a\n\tb', want: 'a··b' },
  { text: '\u001b[31mred', want: '·[31mred' },
  { text: 'a\u200b\u2028\u2029b', want: 'a···b' },
  { text: 'half \ud83d', want: 'half �' },
])('printable() of $text is $want', ({ text, want }) => {
  expect(printable(text)).toBe(want);
});
