import type { TraceSource } from '../../traces/source/traceSource.ts';
import type { Span } from '../../traces/span.ts';

/** What becomes of a span on its way to the source. */
export interface Fate {
  /** When it can be had, in milliseconds of the clock; Infinity: never. */
  readonly atMs: number;
  readonly copies: number;
  /** It is there only at every second look, once it has come. */
  readonly flickers: boolean;
}

/**
 * A source whose spans are late, lost, doubled or in any order, by a clock that moves as it is told.
 */
export function faultySource(
  spans: readonly Span[],
  fates: readonly Fate[],
  order: (spans: Span[]) => Span[] = (list) => list,
) {
  let nowMs = 0;
  let looks = 0;
  const source: TraceSource = {
    async getTrace() {
      looks++;
      const found = spans.flatMap((span, i) => {
        const { atMs = 0, copies = 1, flickers = false } = fates[i] ?? {};
        if (nowMs < atMs || (flickers && looks % 2 === 0)) return [];
        return Array.from({ length: copies }, () => ({ ...span }));
      });
      return found.length === 0 ? null : order(found);
    },
  };
  return {
    source,
    clock: {
      now: () => nowMs,
      sleep: async (ms: number) => {
        nowMs += ms;
      },
    },
    get nowMs() {
      return nowMs;
    },
  };
}
