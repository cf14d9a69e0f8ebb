import type { Section } from '../layout.ts';
import { table, timeSeries } from '../panels.ts';

/** Whether the stack itself is well, and what the rules say. */
export function alertsSection(): Section {
  return {
    title: 'Is the stack itself well?',
    lines: [
      {
        height: 8,
        panels: [
          [
            8,
            timeSeries({
              title: 'Queues',
              description:
                'What waits in the queues before each back end, as a share of the queue. It grows while the back end is away, and what does not fit is refused.',
              unit: 'percentunit',
              queries: [
                {
                  expr: 'max by (exporter) (otelcol_exporter_queue_size{job="collector"} / otelcol_exporter_queue_capacity{job="collector"})',
                  legend: '{{exporter}}',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'Memory of collector and Jaeger',
              description:
                'Resident memory. The collector is bounded by its memory limiter; Jaeger grows until it holds its greatest number of traces, and then stays.',
              unit: 'bytes',
              queries: [
                {
                  expr: 'max by (job) (otelcol_process_memory_rss_bytes)',
                  legend: '{{job}}',
                },
              ],
            }),
          ],
          [
            8,
            table({
              title: 'Alerts',
              description:
                'Rules of Prometheus that are pending or firing. What each of them means, and what to do, is in its rule: on the page of alert rules, or in Prometheus.',
              unit: 'none',
              columns: {
                alertname: 'Alert',
                alertstate: 'State',
                severity: 'Severity',
                service_name: 'Service',
                job: 'Program',
                stage: 'Stage',
                by: 'By',
              },
              empty: 'Nothing is pending or firing',
              queries: [{ expr: 'ALERTS', legend: 'alerts' }],
            }),
          ],
        ],
      },
    ],
  };
}
