import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../mesh/duration.ts';

test.each([
  { text: '120ms', ms: 120 },
  { text: '0ms', ms: 0 },
  { text: '0.2ms', ms: 0.2 },
  { text: '1.5s', ms: 1500 },
  { text: '59s', ms: 59_000 },
  { text: '2m', ms: 120_000 },
  { text: '1440m', ms: 86_400_000 },
  { text: '1001ms', ms: 1001 },
  { text: '.5s', ms: 500, is: '500ms' },
  { text: '100s', ms: 100_000 },
  { text: '1000001ms', ms: 1_000_001 },
])('parseDuration() reads $text as $ms ms, and formatDuration() writes it', ({ text, ms, is }) => {
  expect(parseDuration(text)).toBe(ms);
  expect(formatDuration(ms)).toBe(is ?? text);
});

test.each(['', '120', '5 ms', '-5ms', '1h', '1e3ms', '1.ms', 'ms', '5ms ', '٥ms'])(
  'parseDuration() refuses %j',
  (text) => {
    expect(() => parseDuration(text)).toThrow(
      `Cannot read ${JSON.stringify(text)} as a length of time: it needs a number and a unit, such as 120ms, 1.5s or 2m`,
    );
  },
);

test('formatDuration() loses nothing', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 86_400_000, noNaN: true }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});
