import type { Section } from '../layout.ts';
import { timeSeries } from '../panels.ts';
import { percentileWindow, rateOf } from '../queries.ts';

const kind = 'service_name, aftershock_pause_kind';
const legend = '{{aftershock_pause_kind}} in {{service_name}}';

/** The pauses themselves, and whom they hit. */
export function pausesSection(): Section {
  const pauses = rateOf('aftershock_pause_duration_seconds_count', kind);
  const lengths = rateOf('aftershock_pause_duration_seconds_sum', kind);
  return {
    title: 'The pauses: how long, how often, whom they hit',
    showsPauses: true,
    lines: [
      {
        height: 8,
        panels: [
          [
            6,
            timeSeries({
              title: 'Pauses',
              description:
                'Pauses a minute by kind. `gc` is a real Mark-Compact collection, `block` a busy thread, `freeze` a stopped process; `delay` is the control, which stops nobody.',
              unit: 'none',
              decimals: 1,
              queries: [{ expr: '60 * aftershock:pauses:rate1m', legend }],
            }),
          ],
          [
            6,
            timeSeries({
              title: 'Length of a pause',
              description:
                'Mean of the measured lengths. A collection that was ordered for 120 ms is calibrated to last about that; on a busy machine it lasts longer.',
              unit: 's',
              queries: [{ expr: `${lengths} / ${pauses}`, legend }],
            }),
          ],
          [
            6,
            timeSeries({
              title: 'Victims of a pause',
              description:
                'Requests hit by one pause, mean of five minutes: in the process, or arrived and not begun, while it stood still. Expected are λ(D + b): the rate of requests, times the pause plus the time that a request spends in the handler. Requests queued behind them come on top.',
              unit: 'none',
              decimals: 1,
              queries: [
                { expr: 'aftershock:pause_victims:mean5m', legend: 'hit in {{service_name}}' },
                {
                  expr: 'aftershock:pause_victims_expected:mean5m',
                  legend: 'expected in {{service_name}}',
                },
              ],
            }),
          ],
          [
            6,
            timeSeries({
              title: 'Wait for a slot, P99',
              description:
                "Where a service works on so many requests at once and no more: how long they waited for their turn, inside the process. A pause fills that queue, and it drains slowly if the service is busy. This wait is inside the handler's time, unlike the wait for the handler.",
              unit: 's',
              queries: [
                {
                  expr: `histogram_quantile(0.99, sum by (le, service_name) (rate(aftershock_server_queue_duration_seconds_bucket[${percentileWindow}])))`,
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
