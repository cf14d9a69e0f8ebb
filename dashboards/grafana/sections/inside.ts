import type { Section } from '../layout.ts';
import { timeSeries } from '../panels.ts';
import { chosen, rateOf } from '../queries.ts';

/** What the services noticed of the pauses themselves. */
export function insideSection(): Section {
  return {
    title: 'Inside the services: what a service notices of its own pause',
    lines: [
      {
        height: 8,
        panels: [
          [
            8,
            timeSeries({
              title: 'Event loop delay, longest',
              description:
                'By how much the event loop was late, the worst case of each export interval. A pause shows with its full length, but not when it was nor whom it hit.',
              unit: 's',
              queries: [
                {
                  expr: `max by (service_name) (nodejs_eventloop_delay_max_seconds{${chosen}})`,
                  legend: '{{service_name}}',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'Event loop delay, P99',
              description:
                'The 99th percentile of the same delays. One sample stands for each stall however long it is, so a pause every few seconds is easily below the percentile: a small value here proves nothing.',
              unit: 's',
              queries: [
                {
                  expr: `max by (service_name) (nodejs_eventloop_delay_p99_seconds{${chosen}})`,
                  legend: '{{service_name}}',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'Time in garbage collection',
              description:
                'Share of time that each kind of collection took. Pauses of the kind `gc` are `major` collections; `block` and `freeze` do not show here.',
              unit: 'percentunit',
              stacked: true,
              queries: [
                {
                  expr: rateOf(
                    `v8js_gc_duration_seconds_sum{${chosen}}`,
                    'service_name, v8js_gc_type',
                  ),
                  legend: '{{service_name}} {{v8js_gc_type}}',
                },
              ],
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
              title: 'Event loop busy',
              description:
                'Share of time in which the thread was not idle. Far below 1 the service is not overloaded: the latency above comes from pauses, not from too much work.',
              unit: 'percentunit',
              softMax: 1,
              queries: [
                {
                  expr: `max by (service_name) (nodejs_eventloop_utilization_ratio{${chosen}})`,
                  legend: '{{service_name}}',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'Heap used',
              description:
                "Live and dead objects in V8's heap. The paused service holds a ballast of live objects: it is what makes its collections long.",
              unit: 'bytes',
              queries: [
                {
                  expr: `sum by (service_name) (v8js_memory_heap_used_bytes{${chosen}})`,
                  legend: '{{service_name}}',
                },
              ],
            }),
          ],
          [
            8,
            timeSeries({
              title: 'Requests by service',
              description:
                'Requests a second that each service answered. In a chain all lines lie on one another; retries and failures part them.',
              unit: 'reqps',
              queries: [
                {
                  expr: rateOf(
                    `http_server_request_duration_seconds_count{${chosen}}`,
                    'service_name',
                  ),
                  legend: '{{service_name}}',
                },
              ],
            }),
          ],
        ],
      },
    ],
  };
}
