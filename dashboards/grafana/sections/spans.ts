import type { Placed, Section } from '../layout.ts';
import { stat, timeSeries } from '../panels.ts';
import { inRange, rateOf } from '../queries.ts';

/** Stages of a span's way, in order, with the counter that stands for each. */
const stages = [
  {
    name: 'started',
    description: 'Begun by the load generator and the services.',
    counter: 'otel_sdk_span_started_total',
  },
  {
    name: 'ended',
    description: 'Ended by them, by a rule of Prometheus: begun, less those still open.',
    counter: 'aftershock:spans_ended_total',
  },
  {
    name: 'handed over',
    description: 'Taken out of the queue of their process and put into a batch.',
    counter: 'otel_sdk_processor_span_processed_total{error_type=""}',
  },
  {
    name: 'exported',
    description: 'In batches that the collector acknowledged.',
    counter: 'otel_sdk_exporter_span_exported_total{error_type=""}',
  },
  {
    name: 'accepted',
    description: 'By the collector, at its OTLP receiver.',
    counter: 'otelcol_receiver_accepted_spans_total{job="collector"}',
  },
  {
    name: 'sent',
    description: 'By the collector to Jaeger, which acknowledged them.',
    counter: 'otelcol_exporter_sent_spans_total{job="collector",exporter="otlp_grpc/jaeger"}',
  },
  {
    name: 'stored',
    description: 'Put into its storage by Jaeger.',
    counter: 'otelcol_exporter_sent_spans_total{job="jaeger",exporter="jaeger_storage_exporter"}',
  },
] as const;

/** Whether the evidence arrived. */
export function spansSection(): Section {
  return {
    title: 'Did every span arrive? From the services to Jaeger',
    lines: [
      {
        height: 4,
        panels: [
          ...stages.map(
            ({ name, counter, description }): Placed => [
              3,
              stat({
                title: `Spans ${name}`,
                description: `${description} In the time range of this page; each stage should show nearly what the one before it shows. What is on the way, and what a counter had counted before its first sample, makes a difference in the first minutes.`,
                unit: 'locale',
                decimals: 0,
                queries: [{ expr: inRange(counter), legend: name }],
                steps: [{ value: null, color: 'blue' }],
              }),
            ],
          ),
          [
            3,
            stat({
              title: 'Spans lost',
              description:
                'Share of the spans of the last five minutes that one stage had and the next did not, and that nobody counted as dropped. One or two per cent may be on the way.',
              unit: 'percentunit',
              decimals: 1,
              queries: [
                {
                  expr: 'sum(aftershock:spans_lost:rate5m) / sum(aftershock:spans:rate5m{stage="ended"})',
                  legend: 'lost',
                },
              ],
              steps: [
                { value: null, color: 'green' },
                { value: 0.02, color: 'orange' },
                { value: 0.1, color: 'red' },
              ],
            }),
          ],
        ],
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
              title: 'Spans lost or dropped, by where',
              description:
                'Spans a second, mean of five minutes. Lost: the stage before had them, this one did not, and nobody counted them. Dropped: somebody gave them up and counted them. All of it is near 0 in a healthy stack. A span that Jaeger evicts later to make room was stored, and is not counted here.',
              unit: 'short',
              queries: [
                { expr: 'aftershock:spans_lost:rate5m', legend: 'lost before {{stage}}' },
                { expr: 'aftershock:spans_dropped:rate5m', legend: 'dropped by {{by}}' },
              ],
            }),
          ],
        ],
      },
    ],
  };
}
