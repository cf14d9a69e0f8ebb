const SLOTS = 1024;

/**
 * Short texts that come again and again, each read once: a name of spans is then the same string
 * every time, which neither has to be made nor hashed anew. A text is known by comparing all of its
 * bytes; a new one takes the place of the one in its slot.
 */
export class KnownTexts {
  readonly #slots: string[] = new Array(SLOTS).fill('');

  /** The UTF-8 of `bytes[start, end)` as text; what is no UTF-8 becomes U+FFFD. */
  read(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length > 64) return bytes.toString('utf8', start, end);
    let hash = length;
    for (let i = start; i < end; i++) hash = Math.imul(hash, 31) + (bytes[i] as number);
    const slot = hash & (SLOTS - 1);
    const known = this.#slots[slot] as string;
    if (isAscii(known, bytes, start, length)) return known;
    const text = bytes.toString('utf8', start, end);
    this.#slots[slot] = text;
    return text;
  }
}

/** True if the text is ASCII, and these bytes are its UTF-8. */
function isAscii(text: string, bytes: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i] as number;
    if (byte > 0x7f || text.charCodeAt(i) !== byte) return false;
  }
  return true;
}
