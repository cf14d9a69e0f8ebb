/** Wire types. */
const VARINT = 0;
const FIXED64 = 1;
const LEN = 2;
const FIXED32 = 5;

/** Up to here a loop is quicker than a call out of JavaScript, and the length is one byte. */
const maxLoopedChars = 64;

/** Writes the fields of a protobuf message, one after the other. Source: protobuf.dev, Encoding. */
export class ProtobufWriter {
  #bytes: Buffer = Buffer.allocUnsafe(4096);
  #length = 0;

  /** Begins anew, in the memory that it has. */
  clear(): void {
    this.#length = 0;
  }

  /** What has been written; a copy. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** What has been written since `length` was `start`; a copy, to be kept: in memory of its own. */
  since(start: number): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(start, this.#length));
  }

  /** Begins a message whose fields follow; returns what {@link end} wants to know. */
  begin(field: number): number {
    this.#tag(field, LEN);
    // Most messages are short: one byte is left for the length.
    this.#length++;
    return this.#length;
  }

  end(start: number): void {
    const length = this.#length - start;
    if (length > 0x7f) {
      this.#reserve(10);
      let more = 0;
      for (let rest = length; rest > 0x7f; rest >>>= 7) more++;
      this.#bytes.copyWithin(start + more, start, this.#length);
    }
    this.#length = start - 1;
    this.#varint(length);
    this.#length += length;
  }

  /** The same for a message of 128 bytes to 16 KiB, as a rule, which is then not moved. */
  beginLong(field: number): number {
    this.#tag(field, LEN);
    this.#length += 2;
    return this.#length;
  }

  endLong(start: number): void {
    const length = this.#length - start;
    if (length > 0x7f && length < 1 << 14) {
      this.#bytes[start - 2] = (length & 0x7f) | 0x80;
      this.#bytes[start - 1] = length >>> 7;
      return;
    }
    this.#bytes.copyWithin(start - 1, start, this.#length);
    this.#length--;
    this.end(start - 1);
  }

  /** @param value whole, from 0 to below 2⁶³. */
  uint(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  int64(field: number, value: bigint): void {
    this.#tag(field, VARINT);
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0x7fn; rest >>= 7n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  double(field: number, value: number): void {
    this.#tag(field, FIXED64);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  fixed32(field: number, value: number): void {
    this.#tag(field, FIXED32);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  /** `seconds * 1e9 + nanos`, without a bigint. */
  unixNano(field: number, seconds: number, nanos: number): void {
    this.#tag(field, FIXED64);
    // Of the seconds, 16 bits at a time: so each product is below 2⁵³.
    const upper = Math.floor(seconds / 2 ** 16) * 1e9;
    const lower = (upper % 2 ** 16) * 2 ** 16 + (seconds % 2 ** 16) * 1e9 + nanos;
    const high = Math.floor(upper / 2 ** 16) + Math.floor(lower / 2 ** 32);
    this.#length = this.#bytes.writeUInt32LE(lower % 2 ** 32, this.#length);
    this.#length = this.#bytes.writeUInt32LE(high, this.#length);
  }

  /** Milliseconds since 1970 as nanoseconds. */
  unixMs(field: number, unixMs: number): void {
    const seconds = Math.floor(unixMs / 1000);
    this.unixNano(field, seconds, Math.floor((unixMs - seconds * 1000) * 1e6));
  }

  text(field: number, value: string): void {
    this.#tag(field, LEN);
    if (value.length <= maxLoopedChars && this.#ascii(value)) return;
    const length = Buffer.byteLength(value);
    this.#varint(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length);
  }

  /** The bytes that hexadecimal digits stand for. @param digits lower case, an even number. */
  hex(field: number, digits: string): void {
    this.#tag(field, LEN);
    this.#varint(digits.length / 2);
    this.#reserve(digits.length / 2);
    for (let index = 0; index < digits.length; index += 2) {
      this.#bytes[this.#length++] =
        ((digitValues[digits.charCodeAt(index)] as number) << 4) |
        (digitValues[digits.charCodeAt(index + 1)] as number);
    }
  }

  /** Whole fields, as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Leaves room for a number after it. */
  #tag(field: number, wireType: number): void {
    this.#reserve(16);
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) {
      this.#bytes[this.#length++] = (rest % 128) | 0x80;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A short text with its length; false, and nothing written, where it is not ASCII. */
  #ascii(value: string): boolean {
    const { length } = value;
    this.#reserve(1 + length);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#length = at;
    return true;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + more));
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}

/** Of hexadecimal digits, by their codes: quicker than to compare. */
const digitValues = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, '0123456789abcdef'.indexOf(String.fromCharCode(code))),
);
