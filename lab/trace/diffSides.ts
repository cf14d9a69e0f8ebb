import type { Trace } from '../../traces/trace.ts';
import { UsageError } from '../commands/usageError.ts';
import { chooseTraces } from './chooseTraces.ts';
import { isUrl, type OpenOptions, openStore } from './openStore.ts';
import { isWholeId } from './traceStore.ts';

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
  const isId = /^[0-9a-f]{1,32}$/i.test(text);
  const hash = text.indexOf('#');
  const place = isId || hash === 0 ? source : hash < 0 ? text : text.slice(0, hash);
  const choice = isId ? text : hash < 0 ? '' : text.slice(hash + 1);
  const store = await openStore(place, options);
  const isOne = /^[0-9a-f]{1,32}$/i.test(choice);
  if (isOne && !isWholeId(choice) && isUrl(place)) {
    throw new UsageError(
      `${place} finds a trace by all 32 digits of its id only, not by ${choice}`,
    );
  }
  const holding = isOne ? await store.find(choice) : await store.all();
  const traces = chooseTraces(holding, choice);
  const [first] = traces;
  if (first === undefined) throw new Error(`${store.name} has no trace that is ${choice || 'one'}`);
  if (isOne && traces.length > 1) {
    const ids = traces.slice(0, 5).map(({ traceId }) => traceId);
    throw new Error(`${traces.length} traces begin with ${choice}: ${ids.join(', ')}`);
  }
  return { name: text, traces, warnings: holding.warnings };
}

/** Of many traces the one whose duration is the median. */
export function typical(traces: readonly Trace[]): Trace {
  const sorted = traces.toSorted((a, b) => Number(a.durationNano - b.durationNano));
  return sorted[Math.floor((sorted.length - 1) / 2)] as Trace;
}
