import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KnownTexts } from '../../collector/knownTexts.ts';

describe('KnownTexts', () => {
  test('reads any bytes as Buffer does, however often and whatever it has read before', () => {
    const known = new KnownTexts();
    const byte = fc.constantFrom(...Buffer.from('ab/é€\u{1f600}'), 0xe9, 0xff, 0x00, 0x7f, 0x80);
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 70 }), fc.nat({ max: 70 }), (all, from) => {
        const bytes = Buffer.from(all);
        const start = Math.min(from, bytes.length);
        const text = bytes.toString('utf8', start);
        expect(known.read(bytes, start, bytes.length)).toBe(text);
        expect(known.read(bytes, start, bytes.length)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['the text of the same characters that is not ASCII', Buffer.from('é'), Buffer.from([0xe9])],
    ['no bytes', Buffer.from('a'), Buffer.alloc(0)],
    ['zeros', Buffer.alloc(2), Buffer.alloc(3)],
  ])('does not take for what it knows: %s', (_, before, bytes) => {
    const known = new KnownTexts();
    known.read(before, 0, before.length);
    expect(known.read(bytes, 0, bytes.length)).toBe(bytes.toString('utf8'));
  });
});
