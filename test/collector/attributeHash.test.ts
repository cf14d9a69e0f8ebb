import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attributeHash, hashKeyValue } from '../../collector/attributeHash.ts';
import { MalformedOtlpError } from '../../traces/otlp/request.ts';
import { WireReader } from '../../traces/otlp/wire.ts';
import { WireWriter } from '../../traces/otlp/wireWriter.ts';

/** A `KeyValue` message, its fields in the order given. */
function keyValue(...fields: ((out: WireWriter) => void)[]): Buffer {
  const out = new WireWriter();
  for (const field of fields) field(out);
  return out.finish();
}

const key = (text: string) => (out: WireWriter) => out.text(1, text);
const value = (text: string) => (out: WireWriter) =>
  out.message(2, () => {
    out.text(1, text);
  });

/** The hash of the message, which must be read to its end and not beyond. */
function hashOf(message: Buffer): number {
  const reader = new WireReader(Buffer.concat([message, Buffer.alloc(300, 0x0a)]));
  const hash = hashKeyValue(reader, message.length);
  expect(reader.pos).toBe(message.length);
  return hash;
}

describe('hashKeyValue()', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 110 }));

  test('is attributeHash() of key and text, in whatever order they stand', () => {
    fc.assert(
      fc.property(text, text, (k, v) => {
        expect(hashOf(keyValue(key(k), value(v)))).toBe(attributeHash(k, v));
        expect(hashOf(keyValue(value(v), key(k)))).toBe(attributeHash(k, v));
        expect(hashOf(keyValue(key('other'), value('other'), key(k), value(v)))).toBe(
          attributeHash(k, v),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('is that of an integer as text', () => {
    const message = keyValue(key('n'), (out) => out.message(2, () => out.int64(3, 503n)));
    expect(hashOf(message)).toBe(attributeHash('n', '503'));
  });

  test.each([1, 126, 127, 128, 129])('of lengths around a byte: a value of %i bytes', (length) => {
    const long = 'v'.repeat(length);
    expect(hashOf(keyValue(key('k'), value(long)))).toBe(attributeHash('k', long));
    expect(hashOf(keyValue(key(long), value('v')))).toBe(attributeHash(long, 'v'));
  });

  test('refuses a message that is cut short, wherever but between its fields', () => {
    const message = keyValue(key('a.key'), value('a value'));
    for (let length = 1; length < message.length; length++) {
      if (length === 2 + 'a.key'.length) continue;
      const reader = new WireReader(message.subarray(0, length));
      expect(() => hashKeyValue(reader, length)).toThrow(MalformedOtlpError);
    }
  });

  test('refuses a text that ends behind its value, or its value behind the message', () => {
    const message = keyValue(key('a.key'), value('a value'));
    for (const at of [1, 8, 10]) {
      const longer = Buffer.from(message);
      longer.writeUInt8(longer.readUInt8(at) + 1, at);
      expect(() => hashOf(longer)).toThrow(MalformedOtlpError);
    }
  });
});
