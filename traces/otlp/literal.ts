/**
 * ASCII text to find in bytes. It is compared eight at a time, as doubles: no eight bytes of ASCII
 * make a NaN, and only eight zeros, which are no text, are equal to others.
 */
export class Literal {
  readonly length: number;
  /** Of a text of eight or more: its bytes by eight, the last of them up to its end. */
  readonly #eights: number[] = [];
  readonly #last: number = 0;
  /** Of a shorter one. */
  readonly #bytes: Buffer;

  constructor(text: string) {
    const bytes = Buffer.from(text);
    this.length = bytes.length;
    this.#bytes = bytes;
    for (let at = 0; at + 8 < bytes.length; at += 8) this.#eights.push(bytes.readDoubleLE(at));
    if (bytes.length >= 8) this.#last = bytes.readDoubleLE(bytes.length - 8);
  }

  /** True if it stands at `at`, in bytes that end at `end`. */
  standsIn(view: DataView, at: number, end: number): boolean {
    const { length } = this;
    if (at + length > end) return false;
    if (length < 8) {
      const bytes = this.#bytes;
      for (let i = 0; i < length; i++) if (view.getUint8(at + i) !== bytes[i]) return false;
      return true;
    }
    const eights = this.#eights;
    for (let i = 0; i < eights.length; i++) {
      if (view.getFloat64(at + 8 * i, true) !== eights[i]) return false;
    }
    return view.getFloat64(at + length - 8, true) === this.#last;
  }
}
