import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { type RequestHandler, Router } from 'express';

/**
 * How many spans of each trace have ended here, for whoever waits until all of them have arrived
 * somewhere. It is asked with `GET /traces/<trace id>/ended-spans` → `{ "endedSpans": 3 }`; a trace
 * that is not known has 0.
 */
export class EndedSpans {
  readonly #counts = new Map<string, number>();
  readonly #maxTraces: number;

  /** @param maxTraces that are remembered; the oldest go first. */
  constructor(maxTraces = 20_000) {
    this.#maxTraces = maxTraces;
  }

  of(traceId: string): number {
    return this.#counts.get(traceId.toLowerCase()) ?? 0;
  }

  add(traceId: string): void {
    const count = this.#counts.get(traceId);
    this.#counts.set(traceId, (count ?? 0) + 1);
    if (count !== undefined || this.#counts.size <= this.#maxTraces) return;
    for (const oldest of this.#counts.keys()) {
      this.#counts.delete(oldest);
      break;
    }
  }

  /** Counts what ends and is recorded, then hands it on. */
  before(next: SpanProcessor): SpanProcessor {
    return {
      onStart: (span, parent) => next.onStart(span, parent),
      onEnd: (span) => {
        const { traceId, traceFlags } = span.spanContext();
        if ((traceFlags & 1) === 1) this.add(traceId);
        next.onEnd(span);
      },
      forceFlush: () => next.forceFlush(),
      shutdown: () => next.shutdown(),
    };
  }

  get router(): Router {
    const answer: RequestHandler<{ traceId: string }> = ({ params }, response) => {
      response.json({ endedSpans: this.of(params.traceId) });
    };
    return Router().get('/traces/:traceId/ended-spans', answer);
  }
}
