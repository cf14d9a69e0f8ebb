import { setTimeout as sleep } from 'node:timers/promises';
import { decodeOtlpJson } from '../otlp/decode.ts';
import { MalformedOtlpError } from '../otlp/request.ts';
import type { Span } from '../span.ts';
import { type Answer, boundedGet } from './boundedGet.ts';
import { rfc3339Nano } from './rfc3339.ts';
import { SourceError } from './sourceError.ts';

export interface JaegerLimits {
  /** For one request, to the last byte of its answer. */
  readonly timeoutMs: number;
  /** Of one answer, which is held in memory; JSON of a span is about 1 KB. */
  readonly maxAnswerBytes: number;
  /** Traces that one search may answer with: more make it search shorter windows of time. */
  readonly tracesPerSearch: number;
  /** Spans that one call of {@link JaegerSource.searchTraces} may give. */
  readonly maxSpans: number;
  /** How often a request is made in all that is refused with 429, 502, 503 or 504 or breaks. */
  readonly attempts: number;
}

export const defaultJaegerLimits: JaegerLimits = {
  timeoutMs: 10_000,
  maxAnswerBytes: 64 * 1024 * 1024,
  tracesPerSearch: 200,
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
/** Times that a window is halved because its answer breaks off or is too large. */
const maxHalvings = 12;
const firstBackoffMs = 200;

/**
 * Reads traces through the query API v3 of Jaeger (2.13, where parameters are in snake case, and
 * later, where they are in camel case), or of the embedded collector. Spans come as they were
 * stored: Jaeger is asked for them raw, without its adjustments.
 *
 * Each call rejects with a `SourceError` that says what could not be had and why, and with the
 * reason of `signal` if it aborts.
 */
export class JaegerSource {
  readonly #baseUrl: string;
  readonly #limits: JaegerLimits;

  /** @param baseUrl such as `http://127.0.0.1:16686`, with Jaeger's base path if it has one. */
  constructor(baseUrl: string, limits: Partial<JaegerLimits> = {}) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#limits = { ...defaultJaegerLimits, ...limits };
  }

  /** Names of the services of which it holds spans, in its order. */
  async getServices(signal?: AbortSignal): Promise<string[]> {
    const what = 'the names of services';
    const answer = await this.#get('/api/v3/services', {}, what, signal);
    const { services } = this.#json(answer, what) as { services?: unknown };
    // Without spans Jaeger 2.13 leaves the field out.
    if (services === undefined || services === null) return [];
    if (Array.isArray(services) && services.every((name) => typeof name === 'string')) {
      return services;
    }
    throw this.#malformed(answer, what, '`services` is not a list of names');
  }

  /** The spans of a trace as far as they are stored; null: there is none, or not yet. */
  async getTrace(traceId: string, signal?: AbortSignal): Promise<Span[] | null> {
    const what = `trace ${traceId}`;
    const parameters = { rawTraces: 'true', raw_traces: 'true' };
    const path = `/api/v3/traces/${encodeURIComponent(traceId)}`;
    const spans = this.#spans(await this.#get(path, parameters, what, signal), what);
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
    let halvings = 0;
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
        if (!mayHelp || width <= minWindowNano || ++halvings > maxHalvings) throw error;
        width /= 2n;
        continue;
      }
      halvings = 0;
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
    const spans = this.#spans(await this.#get('/api/v3/traces', parameters, what, signal), what);
    const traces = new Map<string, Span[]>();
    for (const span of spans) {
      const trace = traces.get(span.traceId);
      if (trace) trace.push(span);
      else traces.set(span.traceId, [span]);
    }
    return traces;
  }

  /** An answer of status 200 or 404; tries again where that may help. */
  async #get(
    path: string,
    parameters: Readonly<Record<string, string>>,
    what: string,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const query = new URLSearchParams(parameters).toString();
    const url = `${this.#baseUrl}${path}${query === '' ? '' : `?${query}`}`;
    const { timeoutMs, maxAnswerBytes: maxBytes, attempts } = this.#limits;
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await boundedGet(url, what, { timeoutMs, maxBytes }, signal);
        if (answer.status === 200 || answer.status === 404) return answer;
        throw new SourceError(
          'refused',
          `${this.#baseUrl} refuses ${what} with status ${answer.status}: ${messageOf(answer)}`,
          { status: answer.status },
        );
      } catch (error) {
        if (!(error instanceof SourceError) || attempt >= attempts || !mayPass(error)) throw error;
        await sleep(firstBackoffMs * 2 ** (attempt - 1), undefined, signal ? { signal } : {}).catch(
          () => signal?.throwIfAborted(),
        );
      }
    }
  }

  #spans(answer: Answer, what: string): Span[] {
    if (answer.status === 404) {
      if (isNotFound(answer)) return [];
      throw this.#malformed(answer, what, `it knows no such path: ${messageOf(answer)}`);
    }
    const { result } = this.#json(answer, what) as { result?: unknown };
    // An empty message: no traces.
    if (result === undefined || result === null) return [];
    try {
      return decodeOtlpJson(result).spans;
    } catch (error) {
      if (!(error instanceof MalformedOtlpError)) throw error;
      throw this.#malformed(answer, what, error.message);
    }
  }

  #json(answer: Answer, what: string): object {
    const text = answer.body.toString();
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      // A backend that fails in the middle of an answer has sent its status 200 before.
      if (text.startsWith('{')) {
        throw new SourceError(
          'truncated',
          `${this.#baseUrl} gave only the beginning of its answer with ${what} ` +
            `(${answer.body.length} bytes): ${(error as Error).message}`,
          { cause: error },
        );
      }
      throw this.#malformed(answer, what, `it is no JSON but ${answer.contentType || 'untyped'}`);
    }
    if (typeof value === 'object' && value !== null) return value;
    throw this.#malformed(answer, what, 'it is no JSON object');
  }

  #malformed(answer: Answer, what: string, why: string): SourceError {
    return new SourceError(
      'malformed',
      `What ${this.#baseUrl} answers to ${what} is not of a Jaeger query API (v3): ${why}; its ` +
        'address is that of the Jaeger UI, such as http://127.0.0.1:16686',
      { status: answer.status },
    );
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

/** Jaeger says by 404 that it found nothing; a wrong address is answered with a page or plain text. */
function isNotFound({ body }: Answer): boolean {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null && 'error' in value;
  } catch {
    return false;
  }
}

/** What the answer says went wrong, in one line. */
function messageOf({ body }: Answer): string {
  const text = body.toString('utf8', 0, 2000);
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    if (typeof error?.message === 'string') return error.message;
  } catch {
    // Not JSON: as it is.
  }
  return text.trim().split('\n')[0]?.slice(0, 200) || 'without a word';
}

function mayPass({ trouble, status }: SourceError): boolean {
  if (trouble === 'refused') return [429, 502, 503, 504].includes(status ?? 0);
  return trouble === 'unreachable' || trouble === 'truncated';
}

/** Jaeger's memory storage refuses to search for more traces than it can hold. */
function isDepthRefused({ trouble, message }: SourceError): boolean {
  return trouble === 'refused' && /search depth/i.test(message);
}
