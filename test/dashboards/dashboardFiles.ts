import { globSync, readFileSync } from 'node:fs';

const room = new URL('../../dashboards/', import.meta.url);

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly format?: string;
  readonly instant?: boolean;
  readonly exemplar?: boolean;
  readonly datasource?: DataSourceRef;
}

export interface DataSourceRef {
  readonly type?: string;
  readonly uid?: string;
}

export interface GridPosition {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: GridPosition;
  readonly datasource?: DataSourceRef;
  readonly targets?: readonly Target[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}

export interface AnnotationJson {
  readonly name: string;
  readonly datasource: DataSourceRef;
  readonly target: Target;
  readonly filter?: { readonly ids: readonly number[] };
}

export interface VariableJson {
  readonly name: string;
  readonly type: string;
  readonly query: { readonly query: string };
  readonly datasource: DataSourceRef;
}

/** What the tests read of a dashboard, as Grafana gets it. */
export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly links: readonly { readonly title: string; readonly url: string }[];
  readonly panels: readonly PanelJson[];
  readonly annotations: { readonly list?: readonly AnnotationJson[] };
  readonly templating: { readonly list?: readonly VariableJson[] };
}

/** The committed dashboards by file name. */
export function committedDashboards(): ReadonlyMap<string, string> {
  const folder = new URL('grafana/generated/', room);
  const names = globSync('*.json', { cwd: folder }).toSorted();
  return new Map(names.map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]));
}

export function dashboardJson(): ReadonlyMap<string, DashboardJson> {
  return new Map(
    [...committedDashboards()].map(([name, text]) => [name, JSON.parse(text) as DashboardJson]),
  );
}
