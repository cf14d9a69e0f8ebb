import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AnnotationPanelFilterBuilder,
  type AnnotationQuery,
  AnnotationQueryBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { prometheus } from './dataSources.ts';
import { without } from './without.ts';

/**
 * A line at the start of each pause, exact to the millisecond: the sample's *value* is the time. A
 * counter would only say that there was one since the last sample, which at a pause every 5 s and a
 * sample every 5 s is always.
 * @param panelIds where they are drawn.
 */
export function pauseAnnotations(panelIds: readonly number[]): Builder<AnnotationQuery> {
  const builder = new AnnotationQueryBuilder()
    .name('Pauses')
    .enable(true)
    .iconColor('rgba(224, 47, 68, 0.6)')
    .datasource(prometheus)
    .target(
      new DataqueryBuilder()
        .refId('Pauses')
        .datasource(prometheus)
        .expr('aftershock_pause_start_time_seconds * 1000')
        // Grafana merges events that are no more than a step apart, and the step is 60 s by default.
        .interval('1s')
        .range(),
    )
    .useValueForTime(true)
    .titleFormat('{{aftershock_pause_kind}} in {{service_name}}')
    .textFormat('A {{aftershock_pause_kind}} pause began in {{service_name}}')
    .tagKeys('service_name,aftershock_pause_kind')
    .filter(new AnnotationPanelFilterBuilder().ids([...panelIds]));
  return without(builder, 'placement');
}
