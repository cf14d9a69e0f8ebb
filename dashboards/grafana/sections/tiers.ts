import type { Section } from '../layout.ts';
import { heatmap, timeSeries } from '../panels.ts';
import {
  callerSpans,
  client,
  clientSpans,
  handlerP99,
  handlerSpans,
  rateWindow,
  spanMean,
  spanP99,
} from '../queries.ts';

/** Hops of the chain, from the client on. */
const hops = [
  { caller: client, callee: 'gateway' },
  { caller: 'gateway', callee: 'auth' },
  { caller: 'auth', callee: 'user' },
] as const;

/** The axis that the panels of a line share, so that they can be compared by eye. */
const softMaxMs = 150;

/** P99 where it is felt, and where it is hidden. */
export function tiersSection(): Section {
  const tierNames = Object.fromEntries(
    hops.map(({ caller, callee }, index) => [
      caller,
      `tier ${index + 1}: ${caller} waits for ${callee}`,
    ]),
  );
  return {
    title: 'One pause, every tier: callers feel it, handlers do not',
    showsPauses: true,
    lines: [
      {
        height: 10,
        panels: [
          [
            12,
            timeSeries({
              title: 'P99 by tier, as the caller saw it',
              description:
                'Latency of each tier, measured where it is felt: at its caller, from sending to the last byte. Where calls are retried, each attempt counts by itself. Tier 1 is what the client sees, and counts from the time when the request should have been sent. A pause in the last service reaches every tier above it. Dots are single requests: hover, then **Query with Jaeger**. Jaeger keeps the last quarter of an hour or so; dots older than that lead nowhere.',
              unit: 'ms',
              softMax: softMaxMs,
              queries: [
                {
                  expr: spanP99(callerSpans),
                  legend: '{{service_name}}',
                  exemplars: true,
                },
              ],
              renamed: tierNames,
            }),
          ],
          [
            12,
            timeSeries({
              title: 'P99 of the handlers, as the services saw it',
              description:
                'By the server-side metric of the services, `http.server.request.duration`, which most dashboards show. The paused service looks innocent: while it stands still no handler begins, and the clock of a request starts with its handler. The services above it do show the wait, because their handlers wait for their callee: by this chart one would suspect the wrong service.',
              unit: 'ms',
              softMax: softMaxMs,
              queries: [
                {
                  expr: `1000 * ${handlerP99}`,
                  legend: '{{service_name}} handler',
                },
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
            heatmap({
              title: 'Every request at the client',
              description:
                'How many requests took how long, as the client saw it. The dark band at the bottom is the usual latency. The faint one above it, up to the length of a pause, is requests that met one: few, but each pause makes some. Dots lead to their traces.',
              unit: 'ms',
              queries: [
                {
                  expr: `sum by (le) (increase(traces_span_metrics_duration_milliseconds_bucket{${clientSpans}}[${rateWindow}]))`,
                  legend: '{{le}}',
                  exemplars: true,
                },
              ],
            }),
          ],
          [
            12,
            timeSeries({
              title: 'Waiting that no handler saw',
              description:
                "Mean time by which a call took longer for the caller than in the callee's handler: network, and the wait until the handler began. It should be under a millisecond or two; what a pause adds to it is the time that the callee's own metrics never show.",
              unit: 'ms',
              queries: hops.map(({ caller, callee }) => ({
                expr: `${spanMean(`service_name="${caller}",${callerSpans}`)} - ${spanMean(`service_name="${callee}",${handlerSpans}`)}`,
                legend: `${caller} → ${callee}`,
              })),
            }),
          ],
        ],
      },
    ],
  };
}
