import type { UnixMicros } from './time.ts';

/**
 * Requests that were begun with late and have neither asked another service nor ended yet. While
 * they wait for something that no span shows, such as the thread pool, the loop rests: yet what they
 * have left to do comes all at once, and who comes then is behind it as if there had been no rest.
 *
 * Not if the loop has waited more than worked since the first of them: then they wait for others.
 */
export class LateRequests {
  /** Of two requests of one trace at the same time the first that goes on stands for both. */
  readonly #traceIds = new Set<string>();
  /** When the loop was last clear of work before the first of them. */
  #sinceMicros: UnixMicros = Number.NEGATIVE_INFINITY;
  /** When that one was begun with, and how long the loop had rested in all by then. */
  #firstMicros: UnixMicros = 0;
  #restedMicros = 0;
  /** When the last of them had gone on. */
  #overMicros: UnixMicros = Number.NEGATIVE_INFINITY;

  get isEmpty(): boolean {
    return this.#traceIds.size === 0;
  }

  /**
   * When the loop was last clear of work before a request that came at `arrivedMicros` and is begun
   * with now; infinite: it is behind none of them.
   *
   * @param restedMicros how long the loop has rested in all by now.
   */
  since(arrivedMicros: UnixMicros, nowMicros: UnixMicros, restedMicros: number): UnixMicros {
    if (this.isEmpty && arrivedMicros > this.#overMicros) return Number.POSITIVE_INFINITY;
    const rested = restedMicros - this.#restedMicros;
    const mostlyRested = 2 * rested > nowMicros - this.#firstMicros;
    return mostlyRested ? Number.POSITIVE_INFINITY : this.#sinceMicros;
  }

  /** One that the loop was not clear for since `sinceMicros` is begun with. */
  add(traceId: string, sinceMicros: UnixMicros, nowMicros: UnixMicros, restedMicros: number): void {
    if (sinceMicros > this.#sinceMicros) {
      this.#traceIds.clear();
      this.#sinceMicros = sinceMicros;
      this.#firstMicros = nowMicros;
      this.#restedMicros = restedMicros;
    }
    this.#traceIds.add(traceId);
  }

  /** It asks another service, or ends. */
  goesOn(traceId: string, nowMicros: UnixMicros): void {
    if (this.#traceIds.delete(traceId)) this.#overMicros = nowMicros;
  }
}
