import type { Span } from '../span.ts';
import { patientGet } from './patientGet.ts';
import { tempoSpansOf } from './tempoAnswer.ts';
import type { TraceSource } from './traceSource.ts';

export interface TempoOptions {
  /** For one request, to the last byte of its answer. Default: 10,000. */
  readonly timeoutMs?: number;
  /** Of one answer, which is held in memory; a span is some 300 bytes. Default: 64 MiB. */
  readonly maxAnswerBytes?: number;
  /** How often in all a request is made that breaks or is refused for the moment. Default: 3. */
  readonly attempts?: number;
  /** Such as `x-scope-orgid` for a tenant, or `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where a person can look at a trace: Tempo has no pages of its own, Grafana has. */
  readonly linkTo?: (traceId: string) => string;
}

/**
 * Reads traces by id from Grafana Tempo, `/api/v2/traces/{id}` (Tempo 2.6 or newer).
 *
 * What is peculiar to it, and read all the same: it takes its Accept header as one exact word, so
 * protobuf is asked for, and JSON, as a proxy may give it, is read, too (ids in base64, enum values
 * by name); a trace that it does not have is 200 with an empty trace, or an empty 404; one that is
 * larger than its limit comes in part, which is an error here, `truncated`. Of two spans with one id,
 * one of them a server span, it gives the server span another id. Spans that it has written to a
 * block, half a minute after they came, have lost their flags.
 */
export class TempoSource implements TraceSource {
  readonly #baseUrl: string;
  readonly #options: TempoOptions;
  readonly linkTo?: (traceId: string) => string;

  /** @param baseUrl such as `http://127.0.0.1:3200`, with a prefix if it has one. */
  constructor(baseUrl: string, options: TempoOptions = {}) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#options = options;
    if (options.linkTo) this.linkTo = options.linkTo;
  }

  /** The spans of a trace as far as they are stored; null: there is none, or not yet. */
  async getTrace(traceId: string, signal?: AbortSignal): Promise<Span[] | null> {
    const baseUrl = this.#baseUrl;
    const what = `trace ${traceId}`;
    const { timeoutMs = 10_000, maxAnswerBytes = 64 * 1024 * 1024 } = this.#options;
    const { attempts = 3, headers = {} } = this.#options;
    const answer = await patientGet(
      {
        url: `${baseUrl}/api/v2/traces/${encodeURIComponent(traceId)}`,
        baseUrl,
        what,
        headers: { ...headers, accept: 'application/protobuf' },
        limits: { timeoutMs, maxBytes: maxAnswerBytes },
        attempts,
      },
      signal,
    );
    const spans = tempoSpansOf(answer, baseUrl, what);
    return spans.length === 0 ? null : spans;
  }
}
