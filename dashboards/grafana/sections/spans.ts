import type { Section } from '../layout.ts';
import { type Query, stat, timeSeries } from '../panels.ts';
import { inRange, orZero, rateOf } from '../queries.ts';

/** Stages of a span's way, in order, with the counter that stands for each. */
const stages = [
  { name: 'started', counter: 'otel_sdk_span_started_total' },
  { name: 'taken by the queue', counter: 'otel_sdk_processor_span_processed_total{error_type=""}' },
  { name: 'exported', counter: 'otel_sdk_exporter_span_exported_total{error_type=""}' },
  {
    name: 'accepted by the collector',
    counter: 'otelcol_receiver_accepted_spans_total{job="collector"}',
  },
  {
    name: 'sent to Jaeger',
    counter: 'otelcol_exporter_sent_spans_total{job="collector"}',
  },
  {
    name: 'stored',
    counter: 'otelcol_exporter_sent_spans_total{job="jaeger"}',
  },
] as const;

/** Where spans are dropped knowingly. Each of these counters exists only once it has counted. */
export const losses: readonly Query[] = [
  {
    legend: 'dropped by a service',
    expr: orZero(rateOf('otel_sdk_processor_span_processed_total{error_type!=""}')),
  },
  {
    legend: 'export failed',
    expr: orZero(rateOf('otel_sdk_exporter_span_exported_total{error_type!=""}')),
  },
  {
    legend: 'refused by the collector',
    expr: orZero(rateOf('otelcol_receiver_refused_spans_total{job="collector"}')),
  },
  {
    legend: 'queue of the collector full',
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

/** Whether the evidence arrived. */
export function spansSection(): Section {
  return {
    title: 'Did every span arrive? From the services to Jaeger',
    lines: [
      {
        height: 4,
        panels: stages.map(({ name, counter }) => [
          4,
          stat({
            title: `Spans ${name}`,
            description:
              'In the time range of this page. From left to right each stage should show nearly what the one before it shows: a second or two of spans is always on the way.',
            unit: 'short',
            queries: [{ expr: inRange(counter), legend: name }],
            steps: [{ value: null, color: 'blue' }],
          }),
        ]),
      },
      {
        height: 9,
        panels: [
          [
            12,
            timeSeries({
              title: 'Spans a second, stage by stage',
              description:
                'All lines lie on one another while every span arrives. If one falls behind, spans wait in the queue before it; when that stage is well again it catches up, above the others.',
              unit: 'short',
              decimals: 1,
              queries: stages.map(({ name, counter }) => ({ expr: rateOf(counter), legend: name })),
            }),
          ],
          [
            12,
            timeSeries({
              title: 'Spans dropped, by where',
              description:
                'Spans a second that somebody gave up and counted. All of it is 0 in a healthy stack. A span that is evicted from Jaeger later, to make room, was stored and is not counted here.',
              unit: 'short',
              queries: losses,
            }),
          ],
        ],
      },
    ],
  };
}
