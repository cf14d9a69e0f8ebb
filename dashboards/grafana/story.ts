import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DashboardCursorSync,
  QueryVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { prometheus } from './dataSources.ts';
import { traceSearchUrl } from './explore.ts';
import { placeSections } from './layout.ts';
import { pageLink } from './pageLink.ts';
import { pauseAnnotations } from './pauseAnnotations.ts';
import { alertsSection } from './sections/alerts.ts';
import { headlineSection } from './sections/headline.ts';
import { insideSection } from './sections/inside.ts';
import { pausesSection } from './sections/pauses.ts';
import { spansSection } from './sections/spans.ts';
import { tiersSection } from './sections/tiers.ts';
import { without } from './without.ts';

export const storyUid = 'aftershock';

/** What one pause does, from the client's view down to whether the evidence arrived. */
export function storyDashboard(pathUid: string): DashboardBuilder {
  const dashboard = new DashboardBuilder('Aftershock: one pause, every tier')
    .uid(storyUid)
    .description('How one stop-the-world pause travels through a chain of services.')
    .tags(['aftershock'])
    .timezone('browser')
    .time({ from: 'now-5m', to: 'now' })
    .refresh('5s')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .withVariable(serviceVariable())
    .link(pageLink('Pauses in Jaeger', traceSearchUrl({ service: 'user', operation: 'pause gc' })))
    .link(
      pageLink(
        'Slow requests in Jaeger',
        traceSearchUrl({ service: 'load', minDuration: '100ms' }),
      ),
    )
    .link(pageLink('The path of the spans', `/d/${pathUid}`));
  const pauseIds = placeSections(dashboard, [
    headlineSection(),
    tiersSection(),
    pausesSection(),
    insideSection(),
    spansSection(),
    alertsSection(),
  ]);
  dashboard.annotation(pauseAnnotations(pauseIds));
  return dashboard;
}

function serviceVariable(): Builder<VariableModel> {
  const builder = new QueryVariableBuilder('service')
    .label('Services')
    .description('For the panels under "Inside the services"')
    .datasource(prometheus)
    .query({
      refId: 'service',
      qryType: 1,
      query: 'label_values(http_server_request_duration_seconds_count, service_name)',
    })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ text: ['All'], value: ['$__all'] });
  return without(builder, 'auto', 'auto_min', 'auto_count');
}
