import { hexDigit, NO_DIGIT } from './ids.ts';
import { Literal } from './literal.ts';
import { type Field, KEY_VALUE, type Message, REQUEST, VALUE_FIELD } from './plainJsonFields.ts';
import { MAX_VALUE_DEPTH } from './request.ts';
import { FIXED32, FIXED64, LEN, VARINT } from './wire.ts';

const NOT_PLAIN = new Error('not plain');
const TWO_32 = 2 ** 32;
const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * OTLP JSON to protobuf straight from the bytes, in half of the time that JSON.parse and a walk
 * take, and without the garbage. Only what SDKs write every day is handled: fields of this OTLP,
 * each at most once, valid ids, integers in their usual form. For anything else, valid or not, the
 * answer is null, and the caller goes the general way; what is handled gives the same spans.
 */
export function plainJsonToProtobuf(json: Buffer): Buffer | null {
  if (target.length < json.length) target = Buffer.allocUnsafeSlow(2 * json.length);
  source = json;
  view = new DataView(json.buffer, json.byteOffset, json.length);
  from = 0;
  to = 0;
  depth = 0;
  try {
    skipSpace();
    readObject(REQUEST);
    if (from < json.length) skipSpace();
    const isWhole = from === json.length && to <= target.length;
    return isWhole ? Buffer.from(target.subarray(0, to)) : null;
  } catch (error) {
    // JSON.parse, for the rarer kinds of strings and numbers, says it with a SyntaxError.
    if (error === NOT_PLAIN || error instanceof SyntaxError) return null;
    throw error;
  } finally {
    source = NOTHING;
    view = NO_VIEW;
    if (target.length > KEPT_BYTES) target = Buffer.allocUnsafeSlow(KEPT_BYTES);
  }
}

// One at a time suffices: nothing here waits.
const NOTHING = Buffer.alloc(0);
const KEPT_BYTES = 1024 * 1024;
const NO_VIEW = new DataView(NOTHING.buffer);
let source: Buffer = NOTHING;
/** Of the source. */
let view: DataView = NO_VIEW;
let target = Buffer.allocUnsafeSlow(KEPT_BYTES);
let from = 0;
let to = 0;
let depth = 0;

function skipSpace(): void {
  // Nearly always there is none.
  if ((source[from] as number) <= 0x20) skipSpaces();
}

function skipSpaces(): void {
  let byte = source[from] as number;
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
    byte = source[++from] as number;
  }
}

function expect(byte: number): void {
  if (source[from] !== byte) throw NOT_PLAIN;
  from++;
}

/** Reads the comma or the end that follows a member or an element: true if there is one more. */
function another(end: number): boolean {
  skipSpace();
  const byte = source[from++];
  if (byte === end) return false;
  if (byte !== COMMA) throw NOT_PLAIN;
  skipSpace();
  return true;
}

function readObject({ fields, required, isOneOf }: Message): void {
  let seen = 0;
  expect(BRACE);
  skipSpace();
  if (source[from] === BRACE_END) from++;
  else {
    let next = 0;
    do {
      const index = matchKey(fields, next);
      if ((seen & (1 << index)) !== 0 || (isOneOf && seen !== 0)) throw NOT_PLAIN;
      seen |= 1 << index;
      next = index + 1;
      skipSpace();
      readValue(fields[index] as Field);
    } while (another(BRACE_END));
  }
  if ((seen & required) !== required) throw NOT_PLAIN;
}

/** Index of the field whose key stands here; goes behind its colon. */
function matchKey(fields: readonly Field[], likely: number): number {
  let index = likely;
  for (let tries = fields.length; tries > 0; tries--) {
    if (index >= fields.length) index = 0;
    const { opening } = fields[index] as Field;
    if (opening.standsIn(view, from, source.length)) {
      from += opening.length;
      return index;
    }
    index++;
  }
  throw NOT_PLAIN;
}

function readValue(field: Field): void {
  switch (field.form) {
    case 'text':
      readText(field.number);
      break;
    case 'id':
      readId(field);
      break;
    case 'optionalId':
      if (source[from] === QUOTE && source[from + 1] === QUOTE) from += 2;
      else readId(field);
      break;
    case 'uint32':
      writeVarintField(field.number, readDigits(9));
      break;
    case 'flags':
      readFlags(field.number);
      break;
    case 'nano':
      readNano(field.number);
      break;
    case 'int':
      readInt(field.number);
      break;
    case 'bool':
      readBool(field.number);
      break;
    case 'double':
      readDouble(field.number);
      break;
    case 'message':
      writeMessage(field);
      break;
    case 'list':
      expect(BRACKET);
      skipSpace();
      if (source[from] === BRACKET_END) from++;
      else {
        do writeMessage(field);
        while (another(BRACKET_END));
      }
      break;
  }
}

function writeMessage({ number, message }: Field): void {
  // JSON takes more room than protobuf, but for the lengths that are kept wide.
  if (to + 16 > target.length || ++depth > 3 * MAX_VALUE_DEPTH) throw NOT_PLAIN;
  target[to++] = (number << 3) | LEN;
  const start = to + message.lengthBytes;
  to = start;
  if (message !== KEY_VALUE || !readAttribute()) readObject(message);
  if (message.lengthBytes === 1) writeLength(start);
  else {
    let rest = to - start;
    for (let at = start - 5; at < start - 1; at++) {
      target[at] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    target[start - 1] = rest;
  }
  depth--;
}

const KEY_OPENING = new Literal('{"key":"');
const VALUE_OPENING = new Literal('","value":{');

/**
 * Reads an attribute that is written as nearly all are, without space and with a short key of
 * ASCII, past all that others need. False, and nothing is read, of any other.
 */
function readAttribute(): boolean {
  if (!KEY_OPENING.standsIn(view, from, source.length)) return false;
  const keyAt = from + KEY_OPENING.length;
  const keyLength = copyAscii(keyAt, to + 2);
  const closingAt = keyAt + keyLength;
  if (keyLength > 0x7f || !VALUE_OPENING.standsIn(view, closingAt, source.length)) return false;
  target[to] = (1 << 3) | LEN;
  target[to + 1] = keyLength;
  from = closingAt + VALUE_OPENING.length - 1;
  to += 2 + keyLength;
  writeMessage(VALUE_FIELD);
  expect(BRACE_END);
  return true;
}

/** Copies characters that stand in JSON for themselves, from `read` to `write`; gives how many. */
function copyAscii(read: number, write: number): number {
  const bytes = source;
  const out = target;
  let count = 0;
  let byte = bytes[read] as number;
  // Behind the end `byte` is undefined, and no comparison with it holds.
  while (byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH) {
    out[write + count] = byte;
    byte = bytes[read + ++count] as number;
  }
  return count;
}

/** Writes the length of what has been written from `start` into the one byte before it. */
function writeLength(start: number): void {
  const length = to - start;
  if (length < 0x80) {
    target[start - 1] = length;
    return;
  }
  const more = length < 2 ** 14 ? 1 : length < 2 ** 21 ? 2 : length < 2 ** 28 ? 3 : 4;
  target.copyWithin(start + more, start, to);
  to = start - 1;
  writeVarint(length);
  to += length;
}

function writeVarint(value: number): void {
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) target[to++] = (rest % 128) | 0x80;
  target[to++] = rest;
}

function writeVarintField(number: number, value: number): void {
  target[to++] = (number << 3) | VARINT;
  writeVarint(value);
}

function readText(number: number): void {
  expect(QUOTE);
  const begin = from;
  target[to] = (number << 3) | LEN;
  const start = to + 2;
  const length = copyAscii(begin, start);
  from = begin + length;
  to = start + length;
  const byte = source[from] as number;
  if (byte === BACKSLASH || byte >= 0x80) readEscaped(begin, start);
  else if (byte !== QUOTE) throw NOT_PLAIN;
  from++;
  writeLength(start);
}

/** Reads a string with escapes or beyond ASCII, up to its closing quote. */
function readEscaped(begin: number, start: number): void {
  while (source[from] !== QUOTE) {
    if (from >= source.length) throw NOT_PLAIN;
    from += source[from] === BACKSLASH ? 2 : 1;
  }
  const text: string = JSON.parse(source.toString('utf8', begin - 1, from + 1));
  if (Buffer.byteLength(text) > from - begin) throw NOT_PLAIN; // it was not UTF-8
  to = start + target.write(text, start);
}

function readId({ number, bytes: length }: Field): void {
  expect(QUOTE);
  const bytes = source;
  const out = target;
  let read = from;
  let write = to;
  out[write++] = (number << 3) | LEN;
  out[write++] = length;
  let any = 0;
  for (let i = 0; i < length; i++) {
    const high = hexDigit(bytes[read++] as number);
    const low = hexDigit(bytes[read++] as number);
    if (high === NO_DIGIT || low === NO_DIGIT) throw NOT_PLAIN;
    const byte = (high << 4) | low;
    any |= byte;
    out[write++] = byte;
  }
  from = read;
  to = write;
  expect(QUOTE);
  if (any === 0) throw NOT_PLAIN;
}

/** Reads a whole number of at most `most` digits as JSON writes it. */
function readDigits(most: number): number {
  const bytes = source;
  const begin = from;
  let at = begin;
  let value = 0;
  for (let digit = (bytes[at] as number) - 0x30; digit >= 0 && digit <= 9; ) {
    value = value * 10 + digit;
    digit = (bytes[++at] as number) - 0x30;
  }
  from = at;
  const count = at - begin;
  if (count === 0 || count > most || (count > 1 && bytes[begin] === 0x30)) throw NOT_PLAIN;
  // A fraction or an exponent is noticed by who comes next: neither is a comma or an end.
  return value;
}

function readInt(number: number): void {
  const isQuoted = source[from] === QUOTE;
  if (isQuoted) from++;
  writeVarintField(number, readDigits(15));
  if (isQuoted) expect(QUOTE);
}

function readFlags(number: number): void {
  const flags = readDigits(9);
  const tag = (number << 3) | FIXED32;
  writeVarint(tag);
  writeUint32(flags);
}

/** Reads 19 digits in quotes: all nanoseconds from 2001 to 2286. */
function readNano(number: number): void {
  expect(QUOTE);
  const bytes = source;
  let at = from;
  let top = 0;
  for (const end = at + 10; at < end; at++) top = top * 10 + digitAt(bytes, at);
  let rest = 0;
  for (const end = at + 9; at < end; at++) rest = rest * 10 + digitAt(bytes, at);
  from = at;
  expect(QUOTE);
  // top·10⁹ + rest by halves; every product stays under 2⁵³.
  const topHigh = Math.floor(top / 65536);
  const product = topHigh * 1e9;
  const sum = (product % 65536) * 65536 + (top - topHigh * 65536) * 1e9 + rest;
  const carry = Math.floor(sum / TWO_32);
  target[to++] = (number << 3) | FIXED64;
  writeUint32(sum - carry * TWO_32);
  writeUint32(Math.floor(product / 65536) + carry);
}

function digitAt(bytes: Uint8Array, at: number): number {
  const digit = (bytes[at] as number) - 0x30;
  if (digit >= 0 && digit <= 9) return digit;
  throw NOT_PLAIN;
}

function writeUint32(value: number): void {
  const out = target;
  out[to] = value;
  out[to + 1] = value >>> 8;
  out[to + 2] = value >>> 16;
  out[to + 3] = value >>> 24;
  to += 4;
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

function readBool(number: number): void {
  const word = source[from] === TRUE[0] ? TRUE : FALSE;
  for (const byte of word) expect(byte);
  writeVarintField(number, word === TRUE ? 1 : 0);
}

function readDouble(number: number): void {
  const begin = from;
  while (source[from] !== COMMA && source[from] !== BRACE_END) {
    if (from++ >= source.length) throw NOT_PLAIN;
  }
  const value: unknown = JSON.parse(source.toString('latin1', begin, from));
  if (typeof value !== 'number') throw NOT_PLAIN;
  target[to++] = (number << 3) | FIXED64;
  to = target.writeDoubleLE(value, to);
}
