import type { Section } from '../layout.ts';
import { stat, text } from '../panels.ts';
import { clientSpans, handlerP99, orZero, spanRate } from '../queries.ts';

const guide = `A pause stops one service for about 120 ms, every few seconds: each red line is one. Read from top to
bottom: what a client feels, which tier shows it, whom it hit, what the service itself noticed, and whether all the
evidence arrived. A dot in a latency chart is a request: hover over it and choose **Query with Jaeger**.`;

/** Is the mesh up, and what does a client feel? */
export function headlineSection(): Section {
  const answering = `sum by (service_name) (rate(http_server_request_duration_seconds_count[1m])) > 0`;
  const failed = spanRate(`${clientSpans},status_code="STATUS_CODE_ERROR"`);
  const pausing = '(sum by (service_name) (aftershock:pauses:rate1m) > 0)';
  return {
    title: 'Is the mesh up, and what does a client feel?',
    lines: [
      {
        height: 4,
        panels: [[24, text('How to read this page', 'What is shown here, in which order', guide)]],
      },
      {
        height: 4,
        panels: [
          [
            4,
            stat({
              title: 'Services answering',
              description:
                'Services that answered a request in the last minute. The chain has three.',
              unit: 'none',
              queries: [{ expr: orZero(`count(${answering})`), legend: 'services' }],
              steps: [
                { value: null, color: 'red' },
                { value: 3, color: 'green' },
              ],
            }),
          ],
          [
            4,
            stat({
              title: 'Requests',
              description: 'Requests a second that the client sent, by its own spans.',
              unit: 'reqps',
              decimals: 1,
              queries: [{ expr: orZero(spanRate(clientSpans)), legend: 'requests' }],
              steps: [
                { value: null, color: 'red' },
                { value: 0.1, color: 'green' },
              ],
            }),
          ],
          [
            4,
            stat({
              title: 'Failed',
              description: 'Share of the requests that failed or timed out, as the client saw it.',
              unit: 'percentunit',
              decimals: 2,
              queries: [{ expr: `${orZero(failed)} / ${spanRate(clientSpans)}`, legend: 'failed' }],
              steps: [
                { value: null, color: 'green' },
                { value: 0.001, color: 'orange' },
                { value: 0.01, color: 'red' },
              ],
            }),
          ],
          [
            4,
            stat({
              title: 'P50 at the client',
              description:
                'Half of the requests of the last minute were faster. A pause hardly moves it: that is why averages hide pauses.',
              unit: 's',
              decimals: 1,
              queries: [{ expr: 'aftershock:tier_duration_seconds:p50{tier="1"}', legend: 'P50' }],
              steps: [{ value: null, color: 'blue' }],
            }),
          ],
          [
            4,
            stat({
              title: 'P99 at the client',
              description:
                'One request in a hundred of the last minute was slower. While pauses are frequent it is near the length of a pause, although the median is some 10 ms.',
              unit: 's',
              decimals: 0,
              queries: [{ expr: 'aftershock:tier_duration_seconds:p99{tier="1"}', legend: 'P99' }],
              steps: [
                { value: null, color: 'blue' },
                { value: 0.1, color: 'orange' },
                { value: 0.25, color: 'red' },
              ],
            }),
          ],
          [
            4,
            stat({
              title: 'P99 that the paused service reports',
              description:
                'The same percentile by the server-side metric of the service that pauses. It looks innocent: the service starts the clock of a request only when it runs again.',
              unit: 's',
              decimals: 0,
              queries: [
                { expr: `max(${handlerP99} and on (service_name) ${pausing})`, legend: 'P99' },
              ],
              steps: [{ value: null, color: 'blue' }],
              empty: 'no pauses',
            }),
          ],
        ],
      },
      {
        height: 4,
        panels: [
          [
            6,
            stat({
              title: 'Pauses a minute',
              description: 'Pauses made on purpose in the last minute, in all services.',
              unit: 'none',
              decimals: 0,
              queries: [
                {
                  expr: orZero('sum(aftershock:pauses:rate1m) * 60'),
                  legend: 'pauses',
                },
              ],
              steps: [{ value: null, color: 'blue' }],
            }),
          ],
          [
            6,
            stat({
              title: 'Time paused',
              description: 'Share of the last minute in which some service stood still.',
              unit: 'percentunit',
              decimals: 1,
              queries: [
                {
                  expr: orZero('sum(aftershock:pause_time:ratio1m)'),
                  legend: 'paused',
                },
              ],
              steps: [{ value: null, color: 'blue' }],
            }),
          ],
          [
            6,
            stat({
              title: 'Stack up',
              description:
                'Which of collector, Jaeger and Prometheus Prometheus can reach for their own metrics.',
              unit: 'none',
              queries: [{ expr: 'min by (job) (up)', legend: '{{job}}' }],
              words: { 0: 'down', 1: 'up' },
              steps: [
                { value: null, color: 'red' },
                { value: 1, color: 'green' },
              ],
            }),
          ],
          [
            6,
            stat({
              title: 'Alerts firing',
              description: 'How many of the rules at the end of this page are firing now.',
              unit: 'none',
              queries: [{ expr: orZero('count(ALERTS{alertstate="firing"})'), legend: 'alerts' }],
              steps: [
                { value: null, color: 'green' },
                { value: 1, color: 'red' },
              ],
            }),
          ],
        ],
      },
    ],
  };
}
