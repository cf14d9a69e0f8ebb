import { DashboardBuilder, DashboardCursorSync } from '@grafana/grafana-foundation-sdk/dashboard';
import { placeSections, type Section } from './layout.ts';
import { pageLink } from './pageLink.ts';
import { type Query, timeSeries } from './panels.ts';
import { orZero, rateOf } from './queries.ts';

export const pathUid = 'aftershock-path';

/** Where spans are refused, to be sent again, or given up. Some of these counters exist only then. */
const troubles: readonly Query[] = [
  {
    legend: 'dropped by a service',
    expr: orZero(rateOf('otel_sdk_processor_span_processed_total{error_type!=""}')),
  },
  {
    legend: 'export given up by a service',
    expr: orZero(rateOf('otel_sdk_exporter_span_exported_total{error_type!=""}')),
  },
  {
    legend: 'refused by the collector',
    expr: orZero(rateOf('otelcol_receiver_refused_spans_total{job="collector"}')),
  },
  {
    legend: 'refused, queue of the collector full',
    expr: orZero(rateOf('otelcol_exporter_enqueue_failed_spans_total{job="collector"}')),
  },
  {
    legend: 'given up by the collector',
    expr: orZero(rateOf('otelcol_exporter_send_failed_spans_total{job="collector"}')),
  },
  {
    legend: 'not stored by Jaeger',
    expr: orZero(rateOf('otelcol_exporter_send_failed_spans_total{job="jaeger"}')),
  },
];

/** For whoever misses a span: every queue and every door on its way. */
export function pathDashboard(storyUid: string): DashboardBuilder {
  const dashboard = new DashboardBuilder('Aftershock: the path of the spans')
    .uid(pathUid)
    .description(
      'Every queue and every door that a span passes, from the service that ended it to Jaeger.',
    )
    .tags(['aftershock'])
    .timezone('browser')
    .time({ from: 'now-15m', to: 'now' })
    .refresh('5s')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .link(pageLink('One pause, every tier', `/d/${storyUid}`));
  placeSections(dashboard, [services(), collector(), stores()]);
  return dashboard;
}

function services(): Section {
  return {
    title: 'In the services: ended, queued, exported',
    lines: [
      {
        height: 8,
        panels: [
          [
            8,
            timeSeries({
              title: 'Spans started, by service',
              description: 'Spans a second that each process began.',
              unit: 'short',
              queries: [
                {
                  expr: rateOf('otel_sdk_span_started_total', 'service_name'),
                  legend: '{{service_name}}',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'Queue of each service',
              description:
                'Ended spans that wait to be exported, as a share of the queue. It fills while the collector is away; what does not fit is dropped and counted.',
              unit: 'percentunit',
              queries: [
                {
                  expr: 'max by (service_name) (otel_sdk_processor_span_queue_size / otel_sdk_processor_span_queue_capacity)',
                  legend: '{{service_name}}',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'Spans exported, by service and error',
              description:
                'Spans a second that each process handed over, or failed to: a failure names its kind. Without one, the collector has them.',
              unit: 'short',
              queries: [
                {
                  expr: rateOf('otel_sdk_exporter_span_exported_total', 'service_name, error_type'),
                  legend: '{{service_name}} {{error_type}}',
                },
              ],
            }),
          ],
        ],
      },
    ],
  };
}

function collector(): Section {
  return {
    title: 'In the collector: received, queued, sent',
    lines: [
      {
        height: 8,
        panels: [
          [
            8,
            timeSeries({
              title: 'Received',
              description: 'Spans a second at each door of the collector that were accepted.',
              unit: 'short',
              queries: [
                {
                  expr: rateOf(
                    'otelcol_receiver_accepted_spans_total{job="collector"}',
                    'receiver, transport',
                  ),
                  legend: '{{receiver}} over {{transport}}',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'Waiting for a back end',
              description: 'Items in each queue of the collector: spans, data points, log records.',
              unit: 'short',
              queries: [
                {
                  expr: 'sum by (exporter, data_type) (otelcol_exporter_queue_size{job="collector"})',
                  legend: '{{data_type}} to {{exporter}}',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'Refused or dropped, by where',
              description:
                'Spans a second. What is refused is kept by its sender, which tries again; what is dropped or given up is gone, and counted. All 0 in a healthy stack.',
              unit: 'short',
              queries: troubles,
            }),
          ],
        ],
      },
      {
        height: 8,
        panels: [
          [
            8,
            timeSeries({
              title: 'Metrics through the collector',
              description:
                'Data points a second that were sent to Prometheus, or failed. While they fail, this page goes blind for what the services measure.',
              unit: 'short',
              queries: [
                {
                  expr: rateOf('otelcol_exporter_sent_metric_points_total{job="collector"}'),
                  legend: 'sent',
                },
                {
                  expr: orZero(
                    rateOf('otelcol_exporter_send_failed_metric_points_total{job="collector"}'),
                  ),
                  legend: 'failed',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'CPU of collector and Jaeger',
              description:
                'Cores in use. Spans cost CPU here, not in the services that wait for them.',
              unit: 'none',
              decimals: 2,
              queries: [
                {
                  expr: rateOf('otelcol_process_cpu_seconds_total', 'job'),
                  legend: '{{job}}',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'Memory of collector and Jaeger',
              description:
                'Resident memory. Jaeger keeps its traces in it, up to a number of traces.',
              unit: 'bytes',
              queries: [
                {
                  expr: 'max by (job) (otelcol_process_memory_rss_bytes)',
                  legend: '{{job}}',
                },
              ],
            }),
          ],
        ],
      },
    ],
  };
}

function stores(): Section {
  return {
    title: 'In the stores: Jaeger and Prometheus',
    lines: [
      {
        height: 8,
        panels: [
          [
            8,
            timeSeries({
              title: 'Spans stored by Jaeger',
              description: 'Spans a second that Jaeger received and put into its storage.',
              unit: 'short',
              queries: [
                {
                  expr: rateOf('otelcol_receiver_accepted_spans_total{job="jaeger"}'),
                  legend: 'received',
                },
                {
                  expr: rateOf('otelcol_exporter_sent_spans_total{job="jaeger"}'),
                  legend: 'stored',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'Samples stored by Prometheus',
              description: 'Samples a second that Prometheus took in, by OTLP and by scraping.',
              unit: 'short',
              queries: [
                { expr: rateOf('prometheus_tsdb_head_samples_appended_total'), legend: 'samples' },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'How far back the dots go',
              description:
                'Age of the oldest exemplar that Prometheus keeps: the dots in the latency charts. Jaeger may have evicted the traces of the oldest.',
              unit: 's',
              queries: [
                {
                  expr: 'time() - max(prometheus_tsdb_exemplar_last_exemplars_timestamp_seconds)',
                  legend: 'oldest exemplar',
                },
              ],
            }),
          ],
        ],
      },
    ],
  };
}
