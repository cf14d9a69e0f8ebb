interface FoundSpan {
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

/** What a query API (Jaeger's v3) has of late. */
export interface PauseHitTraces {
  /** Traces that the load began, at most {@link searchDepth}. */
  readonly traces: number;
  readonly pauses: number;
  /** Ids of those traces whose root was open for some time of a pause, and longer than half of it. */
  readonly hit: readonly string[];
}

const searchDepth = 200;
const loadService = 'load';

/**
 * Looks for requests that a pause hit: by time alone, so that nobody has to have marked them.
 * @throws {Error} if the API cannot be reached or refuses.
 */
export async function pauseHitTraces(options: {
  readonly queryUrl: string;
  readonly nowMs: number;
  readonly lookBackMs: number;
  readonly signal: AbortSignal;
}): Promise<PauseHitTraces> {
  const { queryUrl, nowMs, lookBackMs, signal } = options;
  const get = async (path: string, query: Record<string, string>): Promise<unknown> => {
    const url = `${queryUrl}/api/v3/${path}?${new URLSearchParams(query)}`;
    const response = await fetch(url, { signal });
    if (response.status === 404) return {}; // nothing found
    if (!response.ok) throw new Error(`${url}: status ${response.status}`);
    return response.json();
  };
  const search = async (service: string, more: Record<string, string> = {}) => {
    const found = (await get('traces', {
      'query.service_name': service,
      'query.start_time_min': new Date(nowMs - lookBackMs).toISOString(),
      'query.start_time_max': new Date(nowMs).toISOString(),
      'query.search_depth': String(searchDepth),
      'query.num_traces': String(searchDepth), // its name until Jaeger 2.14
      ...more,
    })) as { result?: { resourceSpans?: { scopeSpans: { spans: FoundSpan[] }[] }[] } };
    return (found.result?.resourceSpans ?? [])
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans }) => spans);
  };

  const { services = [] } = (await get('services', {})) as { services?: string[] };
  const pauses: FoundSpan[] = [];
  for (const service of services.filter((name) => name !== loadService)) {
    const { operations = [] } = (await get('operations', { service })) as {
      operations?: { name: string }[];
    };
    for (const { name } of operations.filter(({ name }) => name.startsWith('pause '))) {
      pauses.push(...(await search(service, { 'query.operation_name': name })));
    }
  }
  const roots = services.includes(loadService)
    ? (await search(loadService)).filter(({ parentSpanId = '' }) => parentSpanId === '')
    : [];
  const hit = roots.filter((root) => pauses.some((pause) => isHit(root, pause)));
  return { traces: roots.length, pauses: pauses.length, hit: hit.map(({ traceId }) => traceId) };
}

function isHit(root: FoundSpan, pause: FoundSpan): boolean {
  const [rootStart, rootEnd, pauseStart, pauseEnd] = [root, pause]
    .flatMap(({ startTimeUnixNano, endTimeUnixNano }) => [startTimeUnixNano, endTimeUnixNano])
    .map(BigInt) as [bigint, bigint, bigint, bigint];
  const overlaps = rootStart < pauseEnd && rootEnd > pauseStart;
  return overlaps && (rootEnd - rootStart) * 2n > pauseEnd - pauseStart;
}
