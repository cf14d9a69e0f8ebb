import type { Span } from '../span.ts';
import type { Answer } from './boundedGet.ts';
import { servicesOf, spansOf } from './jaegerAnswer.ts';
import { patientGet } from './patientGet.ts';
import { rfc3339Nano } from './rfc3339.ts';
import { SourceError } from './sourceError.ts';
import type { TraceSource } from './traceSource.ts';

export interface JaegerLimits {
  /** For one request, to the last byte of its answer. */
  readonly timeoutMs: number;
  /** Of one answer, which is held in memory; JSON of a span is about 1 KB. */
  readonly maxAnswerBytes: number;
  /** Traces that one search may answer with: more make it search shorter windows of time. */
  readonly tracesPerSearch: number;
  /** Spans that one call of {@link JaegerSource.searchTraces} may give. */
  readonly maxSpans: number;
  /** How often in all a request is made that breaks or is refused with 429, 502, 503 or 504. */
  readonly attempts: number;
}

const defaultJaegerLimits: JaegerLimits = {
  timeoutMs: 10_000,
  maxAnswerBytes: 64 * 1024 * 1024,
  tracesPerSearch: 500,
  maxSpans: 5_000_000,
  attempts: 3,
};

/** A trace is found if one of its spans fits all that is given. */
export interface TraceSearch {
  readonly service: string;
  /** Name of the span. */
  readonly operation?: string;
  /** Bounds of the span's start, both within. */
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
}

/** Backends with the older model of Jaeger keep microseconds: a window cannot be cut finer. */
const minWindowNano = 1000n;
const searchPath = '/api/v3/traces';

/**
 * Reads traces through the query API v3 of Jaeger, or of the embedded collector. What is peculiar
 * to it, and read all the same: parameters in snake case (2.13) and in camel case (later); 404 where
 * there is nothing, in JSON, while a wrong address has a page or plain text; a span that was stored
 * twice comes twice; a span that does not end after its start gets an end a nanosecond later, which
 * is undone. Jaeger is asked for spans raw, without the adjustments that are for its pages.
 *
 * Each call rejects with a `SourceError` that says what could not be had and why, and with the
 * reason of `signal` if it aborts.
 */
export class JaegerSource implements TraceSource {
  readonly #baseUrl: string;
  readonly #limits: JaegerLimits;
  #hasPages = true;

  /** @param baseUrl such as `http://127.0.0.1:16686`, with Jaeger's base path if it has one. */
  constructor(baseUrl: string, limits: Partial<JaegerLimits> = {}) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#limits = { ...defaultJaegerLimits, ...limits };
  }

  /** Jaeger's page with the trace; of the embedded collector, which has none, the command line. */
  linkTo(traceId: string): string {
    return this.#hasPages
      ? `${this.#baseUrl}/trace/${traceId}`
      : `npm run aftershock -- trace ${traceId} --source ${this.#baseUrl}`;
  }

  /** Names of the services of which it holds spans, in its order. */
  async getServices(signal?: AbortSignal): Promise<string[]> {
    const what = 'the names of services';
    const answer = await this.#get('/api/v3/services', {}, what, signal);
    return servicesOf(answer, { baseUrl: this.#baseUrl, what });
  }

  /** The spans of a trace as far as they are stored; null: there is none, or not yet. */
  async getTrace(traceId: string, signal?: AbortSignal): Promise<Span[] | null> {
    const what = `trace ${traceId}`;
    const parameters = { rawTraces: 'true', raw_traces: 'true' };
    const path = `/api/v3/traces/${encodeURIComponent(traceId)}`;
    const answer = await this.#get(path, parameters, what, signal);
    const spans = spansOf(answer, { baseUrl: this.#baseUrl, what });
    return spans.length === 0 ? null : unionOf(spans);
  }

  /**
   * Every trace that fits, a list of its spans each, older windows of time first. Backends give
   * only so many traces a search and do not say that there are more: a window that comes back full
   * is searched again in parts. A trace that several windows find comes again only with spans that
   * were not there before.
   */
  async *searchTraces(search: TraceSearch, signal?: AbortSignal): AsyncGenerator<Span[]> {
    const { endUnixNano } = search;
    const { maxSpans } = this.#limits;
    const seen = new Map<string, Set<string>>();
    let spans = 0;
    let limit = this.#limits.tracesPerSearch;
    let from = search.startUnixNano;
    let width = endUnixNano - from;
    while (from < endUnixNano) {
      const to = from + width < endUnixNano ? from + width : endUnixNano;
      const window = { ...search, startUnixNano: from, endUnixNano: to };
      let traces: Map<string, Span[]>;
      try {
        traces = await this.#searchOnce(window, limit, signal);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        if (isDepthRefused(error) && limit > 1) {
          limit = Math.ceil(limit / 2);
          continue;
        }
        const mayHelp = error.trouble === 'tooLarge' || error.trouble === 'truncated';
        if (!mayHelp || width <= minWindowNano) throw error;
        width /= 2n;
        continue;
      }
      if (traces.size >= limit) {
        if (width > minWindowNano) {
          width /= 2n;
          continue;
        }
        throw new SourceError(
          'truncated',
          `${this.#baseUrl} answers with ${limit} traces for ${describeSearch(window)}, and the ` +
            'window cannot be made shorter: there may be more; allow more traces per search',
        );
      }
      for (const [traceId, found] of traces) {
        const fresh = notSeen(seen, traceId, found);
        spans += fresh.length;
        if (spans > maxSpans) {
          throw new SourceError(
            'tooLarge',
            `${describeSearch(search)} are more than ${maxSpans} spans; search less, or raise maxSpans`,
          );
        }
        if (fresh.length > 0) yield fresh;
      }
      from = to;
      if (traces.size < limit / 4) width *= 2n;
    }
  }

  async #searchOnce(
    search: TraceSearch,
    limit: number,
    signal?: AbortSignal,
  ): Promise<Map<string, Span[]>> {
    const { service, operation } = search;
    const min = rfc3339Nano(search.startUnixNano);
    const max = rfc3339Nano(search.endUnixNano);
    const parameters: Record<string, string> = {
      'query.serviceName': service,
      'query.service_name': service,
      'query.startTimeMin': min,
      'query.start_time_min': min,
      'query.startTimeMax': max,
      'query.start_time_max': max,
      'query.searchDepth': String(limit),
      'query.num_traces': String(limit),
      'query.rawTraces': 'true',
      'query.raw_traces': 'true',
    };
    if (operation !== undefined) {
      parameters['query.operationName'] = operation;
      parameters['query.operation_name'] = operation;
    }
    const what = describeSearch(search);
    const answer = await this.#get(searchPath, parameters, what, signal);
    const spans = spansOf(answer, { baseUrl: this.#baseUrl, what });
    const traces = new Map<string, Span[]>();
    for (const span of spans) {
      const trace = traces.get(span.traceId);
      if (trace) trace.push(span);
      else traces.set(span.traceId, [span]);
    }
    return traces;
  }

  async #get(
    path: string,
    parameters: Readonly<Record<string, string>>,
    what: string,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const baseUrl = this.#baseUrl;
    const query = new URLSearchParams(parameters).toString();
    const { timeoutMs, maxAnswerBytes: maxBytes, attempts } = this.#limits;
    const answer = await patientGet(
      {
        url: `${baseUrl}${path}${query === '' ? '' : `?${query}`}`,
        baseUrl,
        what,
        limits: { timeoutMs, maxBytes },
        attempts,
        // A search that breaks off is made again for less at once.
        retriesTruncated: path !== searchPath,
      },
      signal,
    );
    this.#hasPages = answer.server !== 'aftershock';
    return answer;
  }
}

/** Each span once, whichever copy came first. */
function unionOf(spans: readonly Span[]): Span[] {
  const seen = new Map<string, Set<string>>();
  return spans.filter((span) => notSeen(seen, span.traceId, [span]).length > 0);
}

function notSeen(seen: Map<string, Set<string>>, traceId: string, spans: readonly Span[]): Span[] {
  const ids = seen.get(traceId) ?? new Set();
  seen.set(traceId, ids);
  return spans.filter(({ spanId }) => {
    if (ids.has(spanId)) return false;
    ids.add(spanId);
    return true;
  });
}

function describeSearch({ service, operation, startUnixNano, endUnixNano }: TraceSearch): string {
  const name = operation === undefined ? '' : `, operation "${operation}",`;
  return (
    `traces of service "${service}"${name} from ${rfc3339Nano(startUnixNano)} ` +
    `to ${rfc3339Nano(endUnixNano)}`
  );
}

/** Jaeger's memory storage refuses to search for more traces than it can hold. */
function isDepthRefused({ trouble, message }: SourceError): boolean {
  return trouble === 'refused' && /search depth/i.test(message);
}
