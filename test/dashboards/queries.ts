import { dashboardJson } from './dashboardFiles.ts';
import { filledIn } from './promql.ts';
import { provisionedDataSources } from './provisioned.ts';
import { rules } from './rules.ts';

/** A query that somebody asks Prometheus. */
export interface AskedQuery {
  /** File, and where in it. */
  readonly where: string;
  /** PromQL without variables. */
  readonly expr: string;
  readonly asks: 'panel' | 'annotation' | 'variable' | 'link' | 'rule';
  /** Whether traces behind single points are asked for. */
  readonly exemplars: boolean;
}

/** Every query of every panel, annotation, variable, link and rule. */
export function askedQueries(): readonly AskedQuery[] {
  return [...dashboardQueries(), ...linkQueries(), ...ruleQueries()];
}

function dashboardQueries(): AskedQuery[] {
  return [...dashboardJson()].flatMap(([file, page]) => [
    ...page.panels.flatMap((panel) =>
      (panel.targets ?? []).map(
        (target): AskedQuery => ({
          where: `${file}, "${panel.title}" ${target.refId}`,
          expr: filledIn(target.expr),
          asks: 'panel',
          exemplars: target.exemplar ?? false,
        }),
      ),
    ),
    ...(page.annotations.list ?? []).map(
      ({ name, target }): AskedQuery => ({
        where: `${file}, annotation "${name}"`,
        expr: filledIn(target.expr),
        asks: 'annotation',
        exemplars: false,
      }),
    ),
    ...(page.templating.list ?? []).map(
      ({ name, query }): AskedQuery => ({
        where: `${file}, variable "${name}"`,
        expr: labelValues(query.query),
        asks: 'variable',
        exemplars: false,
      }),
    ),
  ]);
}

/** The PromQL that gives the series whose labels Grafana's `label_values(series, label)` lists. */
function labelValues(query: string): string {
  const [, series] = /^label_values\((.+), *\w+\)$/.exec(query) ?? [];
  if (series === undefined)
    throw new Error(`Not of the form label_values(series, label): ${query}`);
  return filledIn(series);
}

/** From a span to the metrics of its service. */
function linkQueries(): AskedQuery[] {
  return provisionedDataSources().flatMap(({ name, jsonData }) => {
    const links = (jsonData?.tracesToMetrics ?? {}) as {
      queries?: { name: string; query: string }[];
    };
    return (links.queries ?? []).map(
      (link): AskedQuery => ({
        where: `data source ${name}, link "${link.name}"`,
        expr: link.query.replaceAll('$$__tags', 'service_name="user"'),
        asks: 'link',
        exemplars: false,
      }),
    );
  });
}

function ruleQueries(): AskedQuery[] {
  return rules().map(({ file, record, alert, expr }) => ({
    where: `${file}, ${record ?? alert}`,
    expr,
    asks: 'rule',
    exemplars: false,
  }));
}
