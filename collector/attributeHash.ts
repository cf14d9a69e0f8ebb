import { protobufToOtlpAnyValue } from '../traces/otlp/fromProtobuf.ts';
import { LEN, VARINT, type WireReader } from '../traces/otlp/wire.ts';
import { valueText } from './valueText.ts';

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
const [KEY, VALUE, TEXT] = [(1 << 3) | LEN, (2 << 3) | LEN, (1 << 3) | LEN];
const SEPARATOR = 0xff; // no byte of UTF-8

/**
 * 32 bits that stand for `key=value` in the index: FNV-1a (Fowler, Noll, Vo) over the key's bytes,
 * 0xff, and the bytes of the value's text, so that a query, which has only text, finds integers
 * and booleans too.
 */
export function attributeHash(key: string, value: string): number {
  return foldText(separate(foldText(OFFSET, key)), value) >>> 0;
}

/**
 * {@link attributeHash} of the `KeyValue` message that `reader` stands before, without decoding it
 * where that can be avoided.
 * @throws {MalformedOtlpError}
 */
export function hashKeyValue(reader: WireReader, end: number): number {
  const { bytes, pos } = reader;
  const keyLength = bytes[pos + 1] as number;
  const valueAt = pos + 2 + keyLength;
  const valueLength = end - valueAt - 2;
  // Nearly every one is a short key and a short value, seen at a glance.
  if (
    bytes[pos] === KEY &&
    bytes[valueAt] === VALUE &&
    bytes[valueAt + 1] === valueLength &&
    (keyLength | valueLength) < 0x80
  ) {
    reader.pos = end;
    const key = separate(fold(OFFSET, bytes, pos + 2, valueAt));
    if (bytes[valueAt + 2] === TEXT && bytes[valueAt + 3] === valueLength - 2) {
      return fold(key, bytes, valueAt + 4, end) >>> 0;
    }
    return hashValue(reader, key, valueAt + 2, end);
  }
  let key = OFFSET;
  let valueStart = 0;
  let valueEnd = 0;
  while (reader.next(end)) {
    if (reader.field === 1) {
      reader.expect(LEN);
      key = fold(OFFSET, bytes, reader.start, reader.end);
    } else if (reader.field === 2) {
      reader.expect(LEN);
      valueStart = reader.start;
      valueEnd = reader.end;
    }
  }
  return hashValue(reader, separate(key), valueStart, valueEnd);
}

/** Goes on from the hash of the key with the `AnyValue` message `[start, end)`; does not move. */
function hashValue(reader: WireReader, key: number, start: number, end: number): number {
  const { bytes, pos } = reader;
  let hash = key;
  reader.pos = start;
  while (reader.next(end)) {
    if (reader.field === 1) {
      reader.expect(LEN);
      hash = fold(key, bytes, reader.start, reader.end);
    } else if (reader.field === 2) {
      reader.expect(VARINT);
      hash = foldText(key, reader.low !== 0 || reader.high !== 0 ? 'true' : 'false');
    } else if (reader.field === 3) {
      reader.expect(VARINT);
      hash = foldText(
        key,
        reader.high === 0 ? String(reader.low) : decodedText(reader, start, end),
      );
    } else if (reader.field < 8) {
      hash = foldText(key, decodedText(reader, start, end));
    }
  }
  reader.pos = pos;
  return hash >>> 0;
}

/** Text of the rarer kinds of values. */
function decodedText(reader: WireReader, start: number, end: number): string {
  return valueText(protobufToOtlpAnyValue(reader.bytes.subarray(start, end)));
}

function fold(hash: number, bytes: Uint8Array, start: number, end: number): number {
  let folded = hash;
  for (let i = start; i < end; i++) folded = Math.imul(folded ^ (bytes[i] as number), PRIME);
  return folded;
}

function foldText(hash: number, text: string): number {
  let folded = hash;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return fold(hash, Buffer.from(text), 0, Buffer.byteLength(text));
    folded = Math.imul(folded ^ code, PRIME);
  }
  return folded;
}

function separate(hash: number): number {
  return Math.imul(hash ^ SEPARATOR, PRIME);
}
