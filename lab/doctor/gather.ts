import { setTimeout as sleep } from 'node:timers/promises';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import type { Span } from '../../traces/span.ts';
import { ask, type Reply } from './ask.ts';
import { type Canary, canarySpan, sendCanary } from './canary.ts';
import type { Evidence, MetricsEvidence, Sighting, Twice } from './evidence.ts';
import { hopsOf, isWhole, serviceOf } from './hops.ts';
import { Prometheus } from './prometheus.ts';
import { isOurService, isQueryApi, tookSpans } from './recognise.ts';
import { askService } from './serviceStats.ts';
import { askEmbedded, askStrays, askTrace } from './store.ts';
import type { Targets } from './targets.ts';

export interface GatherOptions {
  readonly targets: Targets;
  /** Service → base URL of its admin API. */
  readonly admins: Readonly<Record<string, string>>;
  readonly adminToken?: string;
  /** Time for each answer, and for the trace to be whole. */
  readonly timeoutMs: number;
  /** How far back losses are looked for. */
  readonly sinceMs: number;
  /** Told what is waited for, now and then. */
  readonly say: (line: string) => void;
}

/** Time between two looks at the store. */
const lookEveryMs = 250;
/** What is asked beside the canary's way may not hold it up for longer. */
const asideTimeoutMs = 3000;

/** Sends the canary and looks everywhere that it should have left a trace. */
export async function gather(options: GatherOptions): Promise<Evidence> {
  const { targets, timeoutMs } = options;
  const { gateway, collector, query } = targets;
  const askCounts = () =>
    Promise.all([askEmbedded(query.url, asideTimeoutMs), askServices(options)] as const);

  const [embeddedBefore, servicesBefore] = await askCounts();
  const isPartOfStack = embeddedBefore === null || targets.prometheus.asked;
  const prometheus = isPartOfStack ? new Prometheus(targets.prometheus.url, timeoutMs) : null;
  const spanMetricsBefore = (await prometheus?.spanMetrics()) ?? {};
  options.say('sending the canary');
  const canary = await sendCanary(gateway.url, timeoutMs);
  const [health, exported] = await Promise.all([
    canary.reply.kind === 'answer'
      ? ask(new URL('/health', gateway.url).href, { timeoutMs: asideTimeoutMs })
      : null,
    exportSpan(collector.url, canary, timeoutMs),
  ]);
  const sighting = await watchFor(canary, isOurService(canary.reply, health), exported, options);
  const metrics =
    prometheus === null
      ? null
      : await askMetrics(prometheus, spanMetricsBefore, canary, sighting, options);
  const [embeddedAfter, servicesAfter] = await askCounts();
  return {
    targets,
    timeoutMs,
    canary,
    health,
    exported,
    sighting,
    metrics,
    sinceS: options.sinceMs / 1000,
    embedded: twice(embeddedBefore, embeddedAfter),
    services: Object.fromEntries(
      Object.keys(options.admins).map((name) => [
        name,
        twice(servicesBefore[name] ?? null, servicesAfter[name] ?? null),
      ]),
    ),
  };
}

/** Waits until the span metrics have every service of the trace, then asks for the rest. */
async function askMetrics(
  prometheus: Prometheus,
  before: Readonly<Record<string, number>>,
  canary: Canary,
  { spans }: Sighting,
  { timeoutMs, sinceMs, say }: GatherOptions,
): Promise<MetricsEvidence> {
  const startMs = performance.now();
  const reply = await prometheus.probe();
  const isPrometheus = Prometheus.isPrometheus(reply);
  // First, as a Prometheus that cannot write may be dead soon.
  const failedWrites = isPrometheus ? await prometheus.failedWrites() : {};
  const services = new Set(spans.map(serviceOf));
  let after = before;
  let waitedMs = 0;
  while (isPrometheus) {
    after = await prometheus.spanMetrics();
    waitedMs = performance.now() - startMs;
    const behind = [...services].filter((name) => !((after[name] ?? 0) > (before[name] ?? 0)));
    const isHopeless = Object.keys(failedWrites).length > 0;
    if (behind.length === 0 || waitedMs >= timeoutMs || isHopeless) break;
    say(`waiting for span metrics of ${behind.join(', ')}, ${(waitedMs / 1000).toFixed(0)} s`);
    await sleep(lookEveryMs);
  }
  const sentS = Number(canary.startUnixNano / 1_000_000n) / 1000;
  const [newestAgeS, downTargets, series] = isPrometheus
    ? await Promise.all([
        prometheus.newestAgeS(),
        prometheus.downTargets(),
        prometheus.flow(sentS - sinceMs / 1000, Date.now() / 1000),
      ])
    : [null, [], []];
  const spanMetrics = { before, after };
  return {
    reply,
    isPrometheus,
    downTargets,
    failedWrites,
    newestAgeS,
    spanMetrics,
    waitedMs,
    series,
  };
}

function twice<T>(before: T | null, after: T | null): Twice<T> | null {
  return before === null || after === null ? null : { before, after };
}

async function askServices({ admins, adminToken }: GatherOptions) {
  const entries = Object.entries(admins).map(async ([name, url]) => {
    return [name, await askService(url, adminToken, asideTimeoutMs)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function exportSpan(collectorUrl: string, canary: Canary, timeoutMs: number): Promise<Reply> {
  return ask(`${collectorUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(encodeOtlpJson([canarySpan(canary)])),
    timeoutMs,
  });
}

/** Looks until the trace is whole, the time is over, or there is nothing to wait for. */
async function watchFor(
  canary: Canary,
  isAnswered: boolean,
  exported: Reply,
  { targets, timeoutMs, say }: GatherOptions,
): Promise<Sighting> {
  const { url } = targets.query;
  const startMs = performance.now();
  const isExported = tookSpans(exported);
  const spans = new Map<string, Span>();
  const own = canarySpan(canary);
  for (;;) {
    const { reply, spans: found } = await askTrace(url, canary.traceId, timeoutMs);
    const foundIds = new Set(found.map(({ spanId }) => spanId));
    const vanished = [...spans.keys()].filter((id) => !foundIds.has(id)).length;
    for (const span of found) spans.set(span.spanId, span);
    const all = [...spans.values()];
    const waitedMs = performance.now() - startMs;
    const whole =
      (!isAnswered || isWhole(hopsOf(all, own))) && (!isExported || spans.has(canary.spanId));
    const isHopeless = !isQueryApi(reply) || (!isExported && !isAnswered);
    if (whole || vanished > 0 || isHopeless || waitedMs >= timeoutMs) {
      const isEntryThere = all.some(({ kind }) => kind === 'server');
      const strays =
        isAnswered && !isEntryThere && isQueryApi(reply)
          ? await askStrays(
              url,
              canary.userAgent,
              Number(canary.startUnixNano / 1_000_000n),
              asideTimeoutMs,
            )
          : [];
      return { reply, spans: all, waitedMs, vanished, strays };
    }
    say(`waiting for the trace: ${describeWait(all)}, ${(waitedMs / 1000).toFixed(0)} s`);
    await sleep(lookEveryMs);
  }
}

/** What has arrived, for whoever waits. */
function describeWait(spans: readonly Span[]): string {
  if (spans.length === 0) return 'nothing yet';
  const services = [...new Set(spans.map(serviceOf))];
  return `${spans.length} spans of ${services.join(', ')} so far`;
}
