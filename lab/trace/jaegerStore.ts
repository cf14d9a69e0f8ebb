import type { JaegerSource } from '../../traces/source/jaeger.ts';
import type { Span } from '../../traces/span.ts';
import { type Holding, holdingOf, type TraceStore } from './traceStore.ts';

export interface JaegerStoreOptions {
  readonly url: string;
  readonly source: JaegerSource;
  /** How far back {@link TraceStore.all} looks. */
  readonly sinceMs: number;
  readonly nowMs: () => number;
}

/** Of a search: more is told and left out. */
const mostTraces = 20_000;
/** Clocks of services may be ahead. */
const marginMs = 60_000;

/** What answers Jaeger's query API v3: Jaeger, or the embedded collector. */
export function jaegerStore(options: JaegerStoreOptions): TraceStore {
  const { url, source } = options;
  const link = (traceId: string) => {
    const page = source.linkTo(traceId);
    // Not a command: it is the one that has been called.
    return page.startsWith(url) ? { link: page } : {};
  };
  return {
    name: url,
    code: { kind: 'jaeger', url },
    async find(id) {
      const spans = await source.getTrace(id.toLowerCase());
      return holdingOf(spans ?? [], link);
    },
    all: () => searchAll(options, link),
  };
}

async function searchAll(
  { url, source, sinceMs, nowMs }: JaegerStoreOptions,
  link: (traceId: string) => { readonly link?: string },
): Promise<Holding> {
  const endUnixNano = BigInt(Math.round(nowMs() + marginMs)) * 1_000_000n;
  const startUnixNano = BigInt(Math.round(nowMs() - sinceMs)) * 1_000_000n;
  const found = new Map<string, Span>();
  const traceIds = new Set<string>();
  const warnings: string[] = [];
  for (const service of await source.getServices()) {
    for await (const spans of source.searchTraces({ service, startUnixNano, endUnixNano })) {
      for (const span of spans) found.set(`${span.traceId} ${span.spanId} ${span.kind}`, span);
      traceIds.add(spans[0]?.traceId ?? '');
      if (traceIds.size < mostTraces) continue;
      warnings.push(
        `${url} holds more than ${mostTraces} traces of that time; these are the oldest: ask for ` +
          'less by --since',
      );
      return holdingOf(found.values(), link, warnings);
    }
  }
  return holdingOf(found.values(), link, warnings);
}
