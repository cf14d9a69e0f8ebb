import type { Trace } from '../../traces/trace.ts';
import { chooseTraces } from './chooseTraces.ts';
import { findTrace, isIdLike } from './findTrace.ts';
import { type OpenOptions, openStore } from './openStore.ts';

/** One side of a comparison. */
export interface Side {
  readonly name: string;
  readonly traces: readonly Trace[];
  readonly warnings: readonly string[];
}

/**
 * @param text a trace id or its beginning, of `source`; or a file, a run's folder or a URL, with
 *   `#…` for some of its traces; or `#…` alone, of `source`.
 * @throws {UsageError} if it is none of these; {Error} if no trace is found.
 */
export async function sideOf(text: string, source: string, options: OpenOptions): Promise<Side> {
  const isId = isIdLike(text);
  const hash = text.indexOf('#');
  const place = isId || hash === 0 ? source : hash < 0 ? text : text.slice(0, hash);
  const choice = isId ? text : hash < 0 ? '' : text.slice(hash + 1);
  const store = await openStore(place, options);
  if (isIdLike(choice)) {
    const { trace, holding } = await findTrace(store, choice);
    return { name: text, traces: [trace], warnings: holding.warnings };
  }
  const holding = await store.all();
  const traces = chooseTraces(holding, choice);
  if (traces.length === 0) throw new Error(`${store.name} has no trace that is ${choice || 'one'}`);
  return { name: text, traces, warnings: holding.warnings };
}

/** Of many traces the one whose duration is the median. */
export function typical(traces: readonly Trace[]): Trace {
  const sorted = traces.toSorted((a, b) => Number(a.durationNano - b.durationNano));
  return sorted[Math.floor((sorted.length - 1) / 2)] as Trace;
}
