import type { Claim } from './claimedVictims.ts';
import type { Verdict } from './trueVictims.ts';

/** How often requests of a kind were taken for what; those on the edge of a pause apart. */
export class VictimScore {
  readonly #counts = new Map<string, number>();

  static from(counts: Readonly<Record<string, number>>): VictimScore {
    const score = new VictimScore();
    for (const [key, count] of Object.entries(counts)) score.#counts.set(key, count);
    return score;
  }

  /** By what a request was, and what was said of it. */
  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  add(truth: Verdict, claim: Claim): void {
    const key = `${truth} ${claim}`;
    this.#counts.set(key, this.count(truth, claim) + 1);
  }

  addAll(other: VictimScore): void {
    for (const [key, count] of other.#counts) {
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
    }
  }

  count(truth: Verdict, claim: Claim): number {
    return this.#counts.get(`${truth} ${claim}`) ?? 0;
  }

  /** Requests that were this, whatever was said of them. */
  truly(truth: Verdict): number {
    return this.count(truth, 'hit') + this.count(truth, 'queued') + this.count(truth, 'none');
  }

  /** Part of those who were this of whom it was said; NaN without any. */
  recall(role: 'hit' | 'queued'): number {
    return this.count(role, role) / this.truly(role);
  }

  /** Part of those of whom this was said who were it; NaN without any. Edges and mixed ones count on no side. */
  precision(role: 'hit' | 'queued'): number {
    const said =
      this.count('hit', role) + this.count('queued', role) + this.count('untouched', role);
    return this.count(role, role) / said;
  }
}
