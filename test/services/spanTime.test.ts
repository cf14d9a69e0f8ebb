import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hrTimeOf, unixMicrosText } from '../../services/kit/spanTime.ts';

test.each([
  { unixMs: 1_718_439_730_123.456, want: '1718439730123456' },
  { unixMs: 1_718_439_730_000, want: '1718439730000000' },
  { unixMs: 1_718_439_730_001.002, want: '1718439730001002' },
  { unixMs: 1_718_439_730_999.9995, want: '1718439731000000' },
  { unixMs: 1_718_439_729_999.75, want: '1718439729999750' },
])('unixMicrosText($unixMs) is $want, whichever second was the last', ({ unixMs, want }) => {
  expect(unixMicrosText(unixMs)).toBe(want);
});

test('unixMicrosText() prints as a number prints itself', () => {
  const time = fc.double({ min: 1.6e12, max: 2 ** 42, noNaN: true });
  fc.assert(
    fc.property(time, (unixMs) => {
      expect(unixMicrosText(unixMs)).toBe(String(Math.round(unixMs * 1000)));
    }),
  );
});

test.each([
  { unixMs: 1_718_439_730_123.5, want: [1_718_439_730, 123_500_000] },
  { unixMs: 1_718_439_730_000, want: [1_718_439_730, 0] },
])('hrTimeOf($unixMs) is $want', ({ unixMs, want }) => {
  expect(hrTimeOf(unixMs)).toEqual(want);
});
