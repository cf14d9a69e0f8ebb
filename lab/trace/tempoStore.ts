import { boundedGet } from '../../traces/source/boundedGet.ts';
import { SourceError } from '../../traces/source/sourceError.ts';
import type { TempoSource } from '../../traces/source/tempo.ts';
import type { Span } from '../../traces/span.ts';
import { type Holding, holdingOf, type TraceStore } from './traceStore.ts';

export interface TempoStoreOptions {
  readonly url: string;
  readonly source: TempoSource;
  /** How far back {@link TraceStore.all} looks. */
  readonly sinceMs: number;
  readonly nowMs: () => number;
}

/** Each is read by a request of its own. */
const mostTraces = 200;
const limits = { timeoutMs: 10_000, maxBytes: 16 * 1024 * 1024 };

/** Grafana Tempo. */
export function tempoStore(options: TempoStoreOptions): TraceStore {
  const { url, source } = options;
  return {
    name: url,
    code: { kind: 'tempo', url },
    async find(id) {
      return holdingOf((await source.getTrace(id.toLowerCase())) ?? []);
    },
    all: () => searchAll(options),
  };
}

/** Whether an address is that of a Tempo: it answers `echo` to `/api/echo`. */
export async function isTempo(url: string): Promise<boolean> {
  const { status, body } = await boundedGet(`${url}/api/echo`, 'its name', limits);
  return status === 200 && body.toString('utf8', 0, 16).trim() === 'echo';
}

async function searchAll({ url, source, sinceMs, nowMs }: TempoStoreOptions): Promise<Holding> {
  const end = Math.ceil(nowMs() / 1000) + 60;
  const start = Math.floor((nowMs() - sinceMs) / 1000);
  const query = new URLSearchParams({
    q: '{}',
    limit: String(mostTraces),
    start: String(start),
    end: String(end),
  });
  const what = 'the traces of that time';
  const { status, body } = await boundedGet(`${url}/api/search?${query}`, what, limits);
  const ids = status === 200 ? traceIdsOf(body.toString()) : null;
  if (ids === null) {
    throw new SourceError(
      'refused',
      `${url} does not say which traces it has (/api/search, status ${status}); give a trace id`,
      { status },
    );
  }
  const spans: Span[] = [];
  for (const id of ids) spans.push(...((await source.getTrace(id)) ?? []));
  const warning = `${url} gave ${mostTraces} traces of that time and may have more: see --since`;
  return holdingOf(spans, undefined, ids.length >= mostTraces ? [warning] : []);
}

/** Tempo leaves zeros at the beginning of an id out. Null: no answer of a search. */
function traceIdsOf(text: string): string[] | null {
  let value: { traces?: unknown };
  try {
    value = JSON.parse(text) as { traces?: unknown };
  } catch {
    return null;
  }
  const { traces = [] } = value ?? {};
  if (!Array.isArray(traces)) return null;
  return traces.map(({ traceID }: { traceID?: unknown }) => String(traceID).padStart(32, '0'));
}
