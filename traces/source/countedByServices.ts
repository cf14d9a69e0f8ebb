import type { Span } from '../span.ts';
import { malformed, objectOf } from './apiAnswer.ts';
import { patientGet } from './patientGet.ts';
import type { TraceSource } from './traceSource.ts';

export interface CountedByServicesOptions {
  /** For one answer. Default: 2000. */
  readonly timeoutMs?: number;
  /** Bearer token of the services' admin APIs. */
  readonly token?: string;
}

/**
 * The same source, with what the services themselves say: how many spans of a trace each has ended.
 * With that `settle()` misses no span, not even a leaf of which no other span tells.
 * @param adminUrls base URL of the admin API of each service, by its name; it answers
 *   `GET /traces/<trace id>/ended-spans` with `{ "endedSpans": 3 }`.
 */
export function countedByServices(
  source: TraceSource,
  adminUrls: Readonly<Record<string, string>>,
  options: CountedByServicesOptions = {},
): TraceSource {
  const { timeoutMs = 2000, token } = options;

  async function endedSpansOf(service: string, traceId: string, signal?: AbortSignal) {
    const baseUrl = (adminUrls[service] ?? '').replace(/\/+$/, '');
    const what = `the count of ended spans of trace ${traceId}`;
    const api = {
      name: `the admin API of ${service}`,
      address: 'it counts only if it was started so (AFTERSHOCK_ENDED_SPANS=on)',
    };
    const question = { baseUrl, what, api };
    const answer = await patientGet(
      {
        url: `${baseUrl}/traces/${encodeURIComponent(traceId)}/ended-spans`,
        ...{ baseUrl, what },
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        limits: { timeoutMs, maxBytes: 10_000 },
        attempts: 1,
      },
      signal,
    );
    if (answer.status === 404) throw malformed(answer, question, 'it knows no such path');
    const { endedSpans } = objectOf(answer, question) as { endedSpans?: unknown };
    if (typeof endedSpans === 'number' && Number.isSafeInteger(endedSpans)) return endedSpans;
    throw malformed(answer, question, '`endedSpans` is not a count');
  }

  return {
    getTrace: (traceId: string, signal?: AbortSignal): Promise<readonly Span[] | null> =>
      source.getTrace(traceId, signal),
    ...(source.linkTo && { linkTo: (traceId: string) => source.linkTo?.(traceId) ?? '' }),
    async endedSpans(traceId, signal) {
      const counts = Object.keys(adminUrls).map(async (service) => {
        const count = await endedSpansOf(service, traceId, signal);
        return [service, count] as const;
      });
      return Object.fromEntries(await Promise.all(counts));
    },
  };
}
