import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const folder = new URL('../../dashboards/grafana/provisioning/', import.meta.url);

export interface DataSourceYaml {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
  readonly url: string;
  readonly jsonData?: Readonly<Record<string, unknown>>;
}

export function provisionedDataSources(): readonly DataSourceYaml[] {
  const file = new URL('datasources/aftershock.yaml', folder);
  return (parse(readFileSync(file, 'utf8')) as { datasources: DataSourceYaml[] }).datasources;
}

export interface DashboardProvider {
  readonly name: string;
  readonly type: string;
  readonly allowUiUpdates: boolean;
  readonly options: { readonly path: string };
}

export function dashboardProviders(): readonly DashboardProvider[] {
  const file = new URL('dashboards/aftershock.yaml', folder);
  return (parse(readFileSync(file, 'utf8')) as { providers: DashboardProvider[] }).providers;
}
