import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { ask, type Reply } from './ask.ts';
import { type Canary, canarySpan, sendCanary } from './canary.ts';
import type { Evidence, Twice } from './evidence.ts';
import { askMetrics } from './metrics.ts';
import { Prometheus } from './prometheus.ts';
import { isOurService, tookSpans } from './recognise.ts';
import { askService } from './serviceStats.ts';
import { watchFor } from './sighting.ts';
import { askEmbedded } from './store.ts';
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
  const isAnswered = isOurService(canary.reply, health);
  const sighting = await watchFor(canary, isAnswered, tookSpans(exported), options);
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
