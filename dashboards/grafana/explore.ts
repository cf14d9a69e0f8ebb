import { jaeger } from './dataSources.ts';

/** Search fields of Grafana's Jaeger data source. */
export interface TraceSearch {
  readonly service: string;
  readonly operation?: string;
  /** Such as `100ms`. */
  readonly minDuration?: string;
  /** logfmt, such as `error=true`. */
  readonly tags?: string;
}

/** Address of a search for traces in Grafana's Explore, over the last 15 minutes. */
export function traceSearchUrl(search: TraceSearch): string {
  const pane = {
    datasource: jaeger.uid,
    queries: [{ refId: 'A', datasource: jaeger, queryType: 'search', limit: 20, ...search }],
    range: { from: 'now-15m', to: 'now' },
  };
  const panes = encodeURIComponent(JSON.stringify({ traces: pane }));
  return `/explore?schemaVersion=1&orgId=1&panes=${panes}`;
}
