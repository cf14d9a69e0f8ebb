import { increase, restarts, type Series, valueAt } from './counters.ts';

/** Names of the counters that {@link spanFlow} reads, without the `_total` that some versions add. */
export const flowMetrics = [
  'otel_sdk_span_started',
  'otel_sdk_span_live',
  'otel_sdk_processor_span_processed',
  'otel_sdk_exporter_span_exported',
  'otelcol_receiver_accepted_spans',
  'otelcol_receiver_refused_spans',
  'otelcol_exporter_sent_spans',
  'otelcol_exporter_send_failed_spans',
  'otelcol_exporter_enqueue_failed_spans',
  'otelcol_exporter_queue_size',
  'otelcol_exporter_queue_capacity',
  'otelcol_process_uptime_seconds',
  'otelcol_processor_tail_sampling_global_count_traces_sampled',
  'traces_span_metrics_calls',
] as const;

type FlowMetric = (typeof flowMetrics)[number];

export interface Restart {
  readonly program: 'collector' | 'jaeger';
  /** When its counters were first seen to have begun anew. */
  readonly unixS: number;
  /** Of Jaeger: spans that it had stored since its start before, and forgot if they were in memory. */
  readonly stored: number;
}

/** How many spans passed each stage within a window of time, by everybody's own counters. */
export interface SpanFlow {
  readonly fromS: number;
  readonly untilS: number;
  /** Null where no service exports its counts. */
  readonly ended: number | null;
  /** Acknowledged to services that export their counts. */
  readonly exported: number;
  /** Given up by services, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Spans of senders that export no counts of their own, as the collector counted them. */
  readonly uncounted: Readonly<Record<string, number>>;
  readonly accepted: number;
  /** The sender was told, and may have tried again. */
  readonly refused: number;
  readonly sent: number;
  readonly sendFailed: number;
  /** The sender was told, as for `refused`. */
  readonly enqueueFailed: number;
  /** In the collector's queue to the store, at the end. */
  readonly queued: number;
  /** Most that may wait there; 0 where it does not say. */
  readonly queueCapacity: number;
  readonly stored: number;
  readonly storeFailed: number;
  /** Traces that the collector's tail sampling left out; null where there is none. */
  readonly sampledOut: number | null;
  readonly restarts: readonly Restart[];
  /** Spans acknowledged a second at the ends of the window; 0: none was under way there. */
  readonly ratePerS: number;
}

/** Where nothing moved for so long, every counter has been read since: their difference is exact. */
const quietS = 15;

/** Within this time of Prometheus's start every running program has been heard of. */
const settleS = 60;

const storageExporter = 'jaeger_storage_exporter';

/** The flow of spans from `windowStartS` to `untilS`; null if no collector's counters are there. */
export function spanFlow(
  all: readonly Series[],
  windowStartS: number,
  untilS: number,
): SpanFlow | null {
  const byName = Map.groupBy(all, ({ labels }) => (labels.__name__ ?? '').replace(/_total$/, ''));
  const named = (name: FlowMetric) => byName.get(name) ?? [];
  const processOf = ({ labels }: Series) => `${labels.job} ${labels.instance}`;
  const jaegers = new Set(
    named('otelcol_exporter_sent_spans')
      .filter(({ labels }) => labels.exporter === storageExporter)
      .map(processOf),
  );
  const isJaeger = (series: Series) => jaegers.has(processOf(series));
  const isCollector = (series: Series) => !isJaeger(series);
  const accepted = named('otelcol_receiver_accepted_spans');
  if (accepted.length === 0) return null;

  const uptimes = named('otelcol_process_uptime_seconds');
  const fromS = firstSoundS(all, uptimes, windowStartS);
  const restartsOf = new Map(uptimes.map((series) => [processOf(series), restarts(series)]));
  const exportedSeries = named('otel_sdk_exporter_span_exported').filter(isSuccess);
  const grownBy = (unixS: number) =>
    exportedSeries.reduce((total, series) => total + grownBefore(series, unixS), 0);
  const grown = { from: grownBy(fromS), until: grownBy(untilS) };
  const moving = { from: grown.from > 0, until: grown.until > 0 };
  const sum = (list: readonly Series[]) =>
    list.reduce(
      (total, series) =>
        total + increase(series, fromS, untilS, restartsOf.get(processOf(series)), moving),
      0,
    );
  const byLabel = (list: readonly Series[], label: string) =>
    Object.fromEntries(
      [...Map.groupBy(list, ({ labels }) => labels[label] ?? '')]
        .map(([value, group]) => [value, Math.round(sum(group))] as const)
        .filter(([, count]) => count > 0),
    );
  const counted = new Set(exportedSeries.map(({ labels }) => labels.service_name));
  const failures = [
    ...named('otel_sdk_processor_span_processed'),
    ...named('otel_sdk_exporter_span_exported'),
  ].filter((series) => !isSuccess(series));
  const stored = named('otelcol_exporter_sent_spans').filter(isJaeger);
  const sampling = named('otelcol_processor_tail_sampling_global_count_traces_sampled');
  const live = named('otel_sdk_span_live').reduce(
    (total, series) => total + (isFresh(series, untilS) ? (valueAt(series, untilS) ?? 0) : 0),
    0,
  );
  return {
    fromS,
    untilS,
    ended: counted.size === 0 ? null : Math.round(sum(named('otel_sdk_span_started')) - live),
    exported: Math.round(sum(exportedSeries)),
    dropped: byLabel(failures, 'error_type'),
    uncounted: byLabel(
      named('traces_span_metrics_calls').filter(({ labels }) => !counted.has(labels.service_name)),
      'service_name',
    ),
    accepted: Math.round(sum(accepted.filter(isCollector))),
    refused: Math.round(sum(named('otelcol_receiver_refused_spans').filter(isCollector))),
    sent: Math.round(sum(named('otelcol_exporter_sent_spans').filter(isCollector))),
    sendFailed: Math.round(sum(named('otelcol_exporter_send_failed_spans').filter(isCollector))),
    enqueueFailed: Math.round(sum(named('otelcol_exporter_enqueue_failed_spans'))),
    queued: inQueues(named('otelcol_exporter_queue_size'), untilS),
    queueCapacity: inQueues(named('otelcol_exporter_queue_capacity'), untilS),
    stored: Math.round(sum(stored)),
    storeFailed: Math.round(sum(named('otelcol_exporter_send_failed_spans').filter(isJaeger))),
    sampledOut:
      sampling.length === 0
        ? null
        : Math.round(sum(sampling.filter(({ labels }) => labels.sampled === 'false'))),
    restarts: restartList(restartsOf, stored, jaegers, fromS, untilS),
    ratePerS: (grown.from + grown.until) / quietS,
  };
}

/** Spans handed over by their senders that nobody has, or counts as given up; at least 0. */
export function unaccounted(flow: SpanFlow): number {
  const uncounted = Object.values(flow.uncounted).reduce((sum, count) => sum + count, 0);
  const known = flow.stored + flow.sendFailed + flow.storeFailed + flow.queued;
  return Math.max(0, flow.exported + uncounted - known);
}

/** What {@link unaccounted} may be off by: counters are read seconds apart, and spans are under way. */
export function marginOf({ ratePerS }: SpanFlow): number {
  return ratePerS === 0 ? 0 : Math.ceil(10 + ratePerS);
}

/** Sum over the queues of spans. */
function inQueues(list: readonly Series[], unixS: number): number {
  return list
    .filter(({ labels }) => labels.data_type === 'traces')
    .reduce((total, series) => total + (valueAt(series, unixS) ?? 0), 0);
}

/** How much a counter has grown just before `unixS`, by its samples. */
function grownBefore(series: Series, unixS: number): number {
  return Math.max(0, (valueAt(series, unixS) ?? 0) - (valueAt(series, unixS - quietS) ?? 0));
}

/**
 * From when on all counters can be compared: where Prometheus began within the window, and found
 * collector or Jaeger running already, counts from before are in some counters and not in others.
 */
function firstSoundS(
  all: readonly Series[],
  uptimes: readonly Series[],
  windowStartS: number,
): number {
  const beginS = Math.min(...all.map(({ samples }) => samples[0]?.[0] ?? Number.POSITIVE_INFINITY));
  if (beginS <= windowStartS) return windowStartS;
  const foundRunning = uptimes.some(({ samples: [first] }) => {
    return first !== undefined && first[0] < beginS + quietS && first[1] > 2 * quietS;
  });
  return foundRunning ? beginS + settleS : windowStartS;
}

/** By the semantic conventions only what failed has an `error.type`. */
function isSuccess({ labels }: Series): boolean {
  return (labels.error_type ?? '') === '';
}

/** A process that is gone leaves its last value behind. */
function isFresh({ samples }: Series, untilS: number): boolean {
  const last = samples.at(-1);
  return last !== undefined && last[0] > untilS - 60;
}

function restartList(
  restartsOf: ReadonlyMap<string, readonly number[]>,
  stored: readonly Series[],
  jaegers: ReadonlySet<string>,
  fromS: number,
  untilS: number,
): Restart[] {
  return [...restartsOf].flatMap(([process, times]) =>
    times
      .filter((unixS) => unixS > fromS && unixS <= untilS)
      .map((unixS): Restart => {
        const ofProcess = stored.filter(
          ({ labels }) => `${labels.job} ${labels.instance}` === process,
        );
        return {
          program: jaegers.has(process) ? 'jaeger' : 'collector',
          unixS,
          stored: ofProcess.reduce((sum, series) => sum + (valueAt(series, unixS - 1e-3) ?? 0), 0),
        };
      }),
  );
}
