import type { IncomingRequest } from './incoming.ts';
import type { Signal } from './otlpResponse.ts';

/** Counts since the collector started; spans read back from a file are not among them. */
export class Accounts {
  readonly #accepted = new Map<string, number>();
  rejected = 0;
  metrics = 0;
  logs = 0;

  accept(request: IncomingRequest): void {
    this.rejected += request.rejected;
    for (const { origin, from, to } of request.groups) {
      const name = this.#nameFor(origin.service);
      this.#accepted.set(name, (this.#accepted.get(name) ?? 0) + to - from);
    }
  }

  acceptedByService(): Record<string, number> {
    return Object.fromEntries(this.#accepted);
  }

  otherSignal(signal: Exclude<Signal, 'traces'>, items: number): void {
    this[signal] += items;
  }

  /** A sender that invents services without end must not fill the memory. */
  #nameFor(service: string): string {
    return this.#accepted.has(service) || this.#accepted.size < MAX_SERVICES ? service : OTHERS;
  }
}

const MAX_SERVICES = 10_000;
const OTHERS = '(others)';
