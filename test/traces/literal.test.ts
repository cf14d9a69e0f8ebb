import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Literal } from '../../traces/otlp/literal.ts';

const bytes = fc.uint8Array({ maxLength: 40 });

describe('Literal', () => {
  test('stands in bytes where they are the same, wherever that is', () => {
    const ascii = fc.string({ unit: fc.constantFrom(...'":{},ab'), maxLength: 30 });
    fc.assert(
      fc.property(bytes, ascii, bytes, (before, text, after) => {
        const all = Buffer.concat([before, Buffer.from(text), after]);
        const view = new DataView(all.buffer, all.byteOffset, all.length);
        const literal = new Literal(text);
        expect(literal.length).toBe(text.length);
        expect(literal.standsIn(view, before.length, all.length)).toBe(true);
        for (let at = 0; at <= all.length; at++) {
          expect(literal.standsIn(view, at, all.length)).toBe(all.subarray(at).indexOf(text) === 0);
        }
      }),
    );
  });

  test('does not stand in bytes of which any one bit is another', () => {
    const text = '","value":{"stringValue":"';
    const literal = new Literal(text);
    for (let bit = 0; bit < 8 * text.length; bit++) {
      const other = Buffer.from(text);
      other.writeUInt8(other.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(
        literal.standsIn(
          new DataView(other.buffer, other.byteOffset, other.length),
          0,
          other.length,
        ),
      ).toBe(false);
    }
  });
});
