import type { Span } from '../../traces/span.ts';
import type { Reply } from './ask.ts';
import type { Canary } from './canary.ts';
import type { Series } from './counters.ts';
import type { DownTarget } from './prometheus.ts';
import type { ServiceCounts } from './serviceStats.ts';
import type { EmbeddedCounts } from './store.ts';
import type { Targets } from './targets.ts';

/** The same thing asked before the canary was sent and when all was over. */
export interface Twice<T> {
  readonly before: T;
  readonly after: T;
}

/** What the query API gave while the doctor waited for the canary's trace. */
export interface Sighting {
  /** The last answer. */
  readonly reply: Reply;
  /** All spans of the trace that were ever seen. */
  readonly spans: readonly Span[];
  /** From the export of the doctor's own span until the trace was whole, or the wait was over. */
  readonly waitedMs: number;
  /** Spans that had been seen and were gone later. */
  readonly vanished: number;
  /** Spans of the canary's request that are in other traces. */
  readonly strays: readonly Span[];
}

/** What Prometheus said. */
export interface MetricsEvidence {
  /** The answer to a query that costs nothing. */
  readonly reply: Reply;
  readonly isPrometheus: boolean;
  readonly downTargets: readonly DownTarget[];
  /** By metric; those that have failed only. */
  readonly failedWrites: Readonly<Record<string, number>>;
  /** Seconds since anything was stored; null where nothing was in the last five minutes. */
  readonly newestAgeS: number | null;
  /** By service, as the collector's span metrics count them. */
  readonly spanMetrics: Twice<Readonly<Record<string, number>>>;
  /** From the end of the wait for the trace until the span metrics had all its services, or never did. */
  readonly waitedMs: number;
  /** Counters of the spans' flow. */
  readonly series: readonly Series[];
}

/** Everything that was found out; what it means is for the checks to say. */
export interface Evidence {
  readonly targets: Targets;
  readonly timeoutMs: number;
  readonly canary: Canary;
  /** What `/health` of the gateway's port said; asked only where the answer was not plain. */
  readonly health: Reply | null;
  /** The collector's answer to the doctor's own span. */
  readonly exported: Reply;
  readonly sighting: Sighting;
  /** The embedded collector's own counts; null where there is another one. */
  readonly embedded: Twice<EmbeddedCounts> | null;
  /** Null where it was not asked: it is no part of the embedded stack. */
  readonly metrics: MetricsEvidence | null;
  /** How far back losses are looked for, in seconds. */
  readonly sinceS: number;
  /** By service, of those whose admin API was named; null for one that did not answer. */
  readonly services: Readonly<Record<string, Twice<ServiceCounts> | null>>;
}
