/**
 * ASCII text to find in bytes. It is compared eight at a time, as doubles: no eight bytes of ASCII
 * make a NaN, and only eight zeros, which are no text, are equal to others.
 */
export class Literal {
  readonly length: number;
  readonly #eights: number[] = [];
  readonly #rest: number[] = [];

  constructor(text: string) {
    const bytes = Buffer.from(text);
    this.length = bytes.length;
    let at = 0;
    for (; at + 8 <= bytes.length; at += 8) this.#eights.push(bytes.readDoubleLE(at));
    this.#rest.push(...bytes.subarray(at));
  }

  /** True if it stands at `at`. */
  standsIn(view: DataView, at: number): boolean {
    if (at + this.length > view.byteLength) return false;
    const eights = this.#eights;
    const rest = this.#rest;
    let next = at;
    for (let i = 0; i < eights.length; i++, next += 8) {
      if (view.getFloat64(next, true) !== eights[i]) return false;
    }
    for (let i = 0; i < rest.length; i++) if (view.getUint8(next + i) !== rest[i]) return false;
    return true;
  }
}
