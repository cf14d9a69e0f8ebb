import { FIXED32, FIXED64, LEN, VARINT } from './wire.ts';

/**
 * Writes protobuf. (`pbf`'s writer, 5.1.2, garbles characters from U+20000 on and writes integers
 * beyond 2⁵³ as doubles.) Source: protobuf.dev, Encoding.
 */
export class WireWriter {
  #bytes: Buffer = Buffer.allocUnsafe(4096);
  #length = 0;

  /** What has been written; a copy. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  /** @param value whole, from 0 to 2⁵³ − 1. */
  uint(field: number, value: number): void {
    this.#varint(field * 8 + VARINT);
    this.#varint(value);
  }

  bool(field: number, value: boolean): void {
    this.uint(field, value ? 1 : 0);
  }

  int64(field: number, value: bigint): void {
    this.#varint(field * 8 + VARINT);
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0x7fn; rest >>= 7n) this.#byte(Number(rest & 0x7fn) | 0x80);
    this.#byte(Number(rest));
  }

  fixed64(field: number, value: bigint): void {
    this.#varint(field * 8 + FIXED64);
    this.#reserve(8);
    this.#length = this.#bytes.writeBigUInt64LE(value, this.#length);
  }

  double(field: number, value: number): void {
    this.#varint(field * 8 + FIXED64);
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  fixed32(field: number, value: number): void {
    this.#varint(field * 8 + FIXED32);
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  text(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.#varint(field * 8 + LEN);
    this.#varint(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#varint(field * 8 + LEN);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A message, with the fields that `write` writes. */
  message(field: number, write: () => void): void {
    this.#varint(field * 8 + LEN);
    const start = this.#length;
    write();
    const length = this.#length - start;
    // Its length is known only now, and goes before it.
    this.#length = start;
    this.#reserve(length + 5);
    const lengthBytes = varintBytes(length);
    this.#bytes.copyWithin(start + lengthBytes, start, start + length);
    this.#varint(length);
    this.#length += length;
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 0x80);
    this.#byte(rest);
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + more));
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}

function varintBytes(value: number): number {
  return value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : value < 2 ** 28 ? 4 : 5;
}
