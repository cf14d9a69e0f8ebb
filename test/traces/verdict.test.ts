import { expect, test } from 'vitest';
import { Trace } from '../../traces/trace.ts';
import { report } from '../../traces/vitest/verdict.ts';

test.each([
  { text: 'a\nb', want: 'a b' },
  { text: 'x'.repeat(600), want: 'x'.repeat(600) },
  { text: 'x'.repeat(601), want: `${'x'.repeat(600)}…` },
])('report() shows $text.length characters on one line, and not too many', ({ text, want }) => {
  const verdict = { pass: false, must: text, expected: text, actual: text };
  const { message, expected, actual } = report({}, new Trace([]), 'toBe', verdict);
  expect([expected, actual]).toEqual([want, want]);
  expect(message().split('\n').slice(0, 4)).toEqual([
    `expect(trace).toBe: it must ${want}`,
    `Expected: ${want}`,
    `Actual:   ${want}`,
    '',
  ]);
});
