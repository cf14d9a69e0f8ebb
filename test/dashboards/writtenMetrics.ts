/**
 * Every metric that the dashboards and rules may read, by who writes it. `test/interop/queries`
 * finds each of them in a real Prometheus with a mesh under load and pauses.
 */
export const writtenMetrics: Readonly<Record<string, readonly string[]>> = {
  services: [
    'http_server_request_duration_seconds_bucket',
    'http_server_request_duration_seconds_count',
    'http_server_request_duration_seconds_sum',
    'aftershock_pause_duration_seconds_count',
    'aftershock_pause_duration_seconds_sum',
    'aftershock_pause_start_time_seconds',
    'aftershock_pause_victims_total',
    'aftershock_server_queue_duration_seconds_bucket',
    'nodejs_eventloop_delay_max_seconds',
    'nodejs_eventloop_delay_p99_seconds',
    'nodejs_eventloop_utilization_ratio',
    'v8js_gc_duration_seconds_sum',
    'v8js_memory_heap_used_bytes',
    'otel_sdk_span_started_total',
    'otel_sdk_span_live',
    'otel_sdk_processor_span_processed_total',
    'otel_sdk_processor_span_queue_size',
    'otel_sdk_processor_span_queue_capacity',
    'otel_sdk_exporter_span_exported_total',
  ],
  'span_metrics of the collector': [
    'traces_span_metrics_calls_total',
    'traces_span_metrics_duration_milliseconds_bucket',
    'traces_span_metrics_duration_milliseconds_count',
    'traces_span_metrics_duration_milliseconds_sum',
  ],
  'collector and Jaeger about themselves': [
    'otelcol_receiver_accepted_spans_total',
    'otelcol_receiver_refused_spans_total',
    'otelcol_exporter_sent_spans_total',
    'otelcol_exporter_send_failed_spans_total',
    'otelcol_exporter_enqueue_failed_spans_total',
    'otelcol_exporter_sent_metric_points_total',
    'otelcol_exporter_send_failed_metric_points_total',
    'otelcol_process_memory_rss_bytes',
    'otelcol_process_cpu_seconds_total',
    'otelcol_processor_incoming_items_total',
    'otelcol_exporter_queue_size',
    'otelcol_exporter_queue_capacity',
  ],
  Prometheus: [
    'up',
    'ALERTS',
    'prometheus_tsdb_head_samples_appended_total',
    'prometheus_tsdb_too_old_samples_total',
    'prometheus_tsdb_exemplar_last_exemplars_timestamp_seconds',
  ],
};

/** Those of them that appear only while something is wrong. */
export const onlyInTrouble: ReadonlySet<string> = new Set([
  'ALERTS',
  'otelcol_exporter_enqueue_failed_spans_total',
  'otelcol_exporter_send_failed_metric_points_total',
]);

/** Those of them that appear only with an option of the collector. */
export const onlyWithOption: ReadonlySet<string> = new Set([
  'otelcol_processor_incoming_items_total',
]);

/** Those of them that are there while all is well. */
export function isAlwaysWritten(name: string): boolean {
  return !onlyInTrouble.has(name) && !onlyWithOption.has(name);
}
