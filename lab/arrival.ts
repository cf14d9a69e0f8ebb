import type { Mesh } from '../mesh/mesh.ts';
import type { JaegerSource } from '../traces/source/jaeger.ts';
import type { Span } from '../traces/span.ts';

export interface ArrivalOptions {
  readonly source: Pick<JaegerSource, 'searchTraces'>;
  readonly mesh: Pick<Mesh, 'services' | 'pauses' | 'load'>;
  readonly nowUnixNano: bigint;
  /** Nothing that began earlier counts. */
  readonly lookBackMs: number;
  /** Whether the trace must be one that a pause has hit. */
  readonly hitByPause: boolean;
  readonly signal: AbortSignal;
}

/** Service name of the load generator's root spans. */
const loadService = 'load';
/** Newest first; a pause may hit nobody, the next one will. */
const pausesLookedAt = 5;

/**
 * Looks for a request of the load whose trace has a span of every service, so it has gone all the
 * way to where traces are read; if asked for, one that a pause has hit. That is told by time alone:
 * the root overlaps the pause, and is longer than half of it.
 * @returns the trace's id.
 * @throws {Error} that says what has not arrived, or why nobody knows.
 */
export async function findArrival(options: ArrivalOptions): Promise<string> {
  const { mesh, nowUnixNano, lookBackMs, hitByPause } = options;
  const since = nowUnixNano - nano(lookBackMs);
  if (!hitByPause) {
    const [trace] = await wholeTraces(options, since, nowUnixNano);
    if (trace === undefined) throw new Error('no trace of the whole chain has arrived');
    return idOf(trace);
  }
  const pauses: Span[] = [];
  for (const [service, operation] of pauseOperations(mesh)) {
    for (const trace of await search(options, service, since, nowUnixNano, operation)) {
      pauses.push(...trace.filter(({ name }) => name === operation));
    }
  }
  if (pauses.length === 0) throw new Error('no pause has arrived');
  const newestFirst = pauses.toSorted((a, b) => Number(b.startUnixNano - a.startUnixNano));
  for (const pause of newestFirst.slice(0, pausesLookedAt)) {
    const from = pause.startUnixNano - nano(mesh.load.timeout);
    for (const trace of await wholeTraces(options, from, pause.endUnixNano)) {
      if (trace.some((span) => span.parentSpanId === '' && isHit(span, pause))) return idOf(trace);
    }
  }
  throw new Error('no trace of the whole chain has arrived that a pause has hit');
}

/** Service and span name of each kind of pause that the mesh makes. */
function pauseOperations({ pauses }: Pick<Mesh, 'pauses'>): (readonly [string, string])[] {
  const all = pauses.map(({ service, kind }) => [service, `pause ${kind}`] as const);
  return [...new Map(all.map((one) => [one.join(' '), one])).values()];
}

/** Traces of the load with a span of every service of the mesh. */
async function wholeTraces(options: ArrivalOptions, from: bigint, to: bigint): Promise<Span[][]> {
  const services = Object.keys(options.mesh.services);
  return (await search(options, loadService, from, to)).filter((trace) => {
    const seen = new Set(trace.map(({ resource }) => resource.attributes['service.name']));
    return services.every((service) => seen.has(service));
  });
}

async function search(
  { source, signal }: ArrivalOptions,
  service: string,
  startUnixNano: bigint,
  endUnixNano: bigint,
  operation?: string,
): Promise<Span[][]> {
  const what = { service, startUnixNano, endUnixNano };
  const named = operation === undefined ? what : { ...what, operation };
  const traces: Span[][] = [];
  for await (const trace of source.searchTraces(named, signal)) traces.push(trace);
  return traces;
}

function isHit(root: Span, pause: Span): boolean {
  const overlaps = root.startUnixNano < pause.endUnixNano && root.endUnixNano > pause.startUnixNano;
  const rootNano = root.endUnixNano - root.startUnixNano;
  return overlaps && rootNano * 2n > pause.endUnixNano - pause.startUnixNano;
}

function idOf(trace: readonly Span[]): string {
  return trace[0]?.traceId ?? '';
}

function nano(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}
