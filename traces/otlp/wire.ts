import { MalformedOtlpError } from './request.ts';

export const VARINT = 0;
export const FIXED64 = 1;
export const LEN = 2;
export const FIXED32 = 5;

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Reads protobuf fields one by one and checks every bound, which `pbf`'s reader does not: it takes
 * what lies after the end for data, and 64-bit integers for doubles.
 * Source: protobuf.dev, Encoding.
 */
export class WireReader {
  bytes = NOTHING;
  #view = new DataView(NOTHING.buffer);
  pos = 0;
  /** Number and wire type of the field that {@link next} has read. */
  field = 0;
  wire = 0;
  /** Value of a VARINT, FIXED64 or FIXED32: two unsigned 32-bit halves. */
  low = 0;
  high = 0;
  /** Where the content of a LEN field starts and ends. */
  start = 0;
  end = 0;

  constructor(bytes: Uint8Array) {
    this.open(bytes);
  }

  /** Stands before the first of other bytes. */
  open(bytes: Uint8Array): void {
    // Whatever it is given, V8 sees one class here: it optimizes for that.
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = 0;
  }

  /**
   * Reads the next field of the message that ends at `limit`; false at its end.
   * @throws {MalformedOtlpError} if the field is cut short or not protobuf.
   */
  next(limit: number): boolean {
    if (this.pos >= limit) return false;
    this.#varint(limit);
    this.field = (this.low >>> 3) | (this.high << 29);
    this.wire = this.low & 7;
    if (this.field === 0 || this.high !== 0) throw this.#malformed('no such field number');
    switch (this.wire) {
      case VARINT:
        this.#varint(limit);
        break;
      case LEN:
        this.#varint(limit);
        this.start = this.pos;
        this.end = this.pos + this.low;
        if (this.high !== 0 || this.end > limit) throw this.#malformed('a field is cut short');
        this.pos = this.end;
        break;
      case FIXED64:
        if (this.pos + 8 > limit) throw this.#malformed('a field is cut short');
        this.low = this.#view.getUint32(this.pos, true);
        this.high = this.#view.getUint32(this.pos + 4, true);
        this.pos += 8;
        break;
      case FIXED32:
        if (this.pos + 4 > limit) throw this.#malformed('a field is cut short');
        this.low = this.#view.getUint32(this.pos, true);
        this.high = 0;
        this.pos += 4;
        break;
      default:
        throw this.#malformed(`wire type ${this.wire} is not known`);
    }
    return true;
  }

  /** @throws {MalformedOtlpError} unless the field has this wire type. */
  expect(wire: number): void {
    if (this.wire !== wire) {
      throw this.#malformed(`field ${this.field} has wire type ${this.wire} in place of ${wire}`);
    }
  }

  /** Content of a LEN field; not a copy. */
  slice(): Uint8Array {
    this.expect(LEN);
    return this.bytes.subarray(this.start, this.end);
  }

  /** Content of a LEN field whose bytes are no text. */
  encoded(encoding: 'hex' | 'base64'): string {
    this.expect(LEN);
    return this.bytes.toString(encoding, this.start, this.end);
  }

  /** Content of a LEN field as text; bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    this.expect(LEN);
    return this.bytes.toString('utf8', this.start, this.end);
  }

  #varint(limit: number): void {
    const bytes = this.bytes;
    let pos = this.pos;
    let byte = bytes[pos++] as number;
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 63) throw this.#malformed('an integer is longer than 10 bytes');
      byte = bytes[pos++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
    }
    if (pos > limit) throw this.#malformed('a field is cut short');
    this.low = low >>> 0;
    this.high = high >>> 0;
    this.pos = pos;
  }

  #malformed(what: string): MalformedOtlpError {
    return new MalformedOtlpError(`Not OTLP protobuf: ${what}, at byte ${this.pos}`);
  }
}

/** Two unsigned 32-bit halves as one unsigned 64-bit integer. */
export function uint64(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Two unsigned 32-bit halves as one signed 64-bit integer. */
export function int64(low: number, high: number): bigint {
  return BigInt.asIntN(64, uint64(low, high));
}
