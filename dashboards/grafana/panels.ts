import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  FilterValueRangeBuilder,
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapColorScale,
  HeatmapTooltipBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TextBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { prometheus } from './dataSources.ts';

export interface Query {
  /** PromQL. */
  readonly expr: string;
  /** Name of the series; `{{label}}` is replaced. */
  readonly legend: string;
  /** Whether the traces behind single points are asked for, too; needs a histogram's buckets. */
  readonly exemplars?: boolean;
}

/** What every panel has. */
interface About {
  readonly title: string;
  /** Markdown, behind the "i" beside the title: what one sees, and what it means. */
  readonly description: string;
  /** A unit id of Grafana, such as `ms`, `s`, `percentunit`, `reqps`. */
  readonly unit: string;
  readonly queries: readonly Query[];
}

interface TimeSeriesOptions extends About {
  /** Bars on top of one another, for parts of a whole. */
  readonly stacked?: boolean;
  readonly min?: number;
  /** The axis reaches at least this far, so that panels side by side can be compared. */
  readonly softMax?: number;
  readonly decimals?: number;
  /** Name by legend → name to show. */
  readonly renamed?: Readonly<Record<string, string>>;
}

/** Values over time. */
export function timeSeries(options: TimeSeriesOptions): Panel {
  const { stacked = false, min = 0, softMax, decimals, renamed = {} } = options;
  const builder = new TimeSeriesBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(prometheus)
    .unit(options.unit)
    .min(min)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .drawStyle(stacked ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineWidth(stacked ? 0 : 2)
    .fillOpacity(stacked ? 70 : 5)
    .showPoints(VisibilityMode.Never)
    .stacking(new StackingConfigBuilder().mode(stacked ? StackingMode.Normal : StackingMode.None))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    )
    .targets(options.queries.map((query, index) => target(query, index)));
  if (softMax !== undefined) builder.axisSoftMax(softMax);
  if (decimals !== undefined) builder.decimals(decimals);
  for (const [name, displayName] of Object.entries(renamed)) {
    builder.overrideByName(name, [{ id: 'displayName', value: displayName }]);
  }
  return builder.build();
}

interface StatOptions extends About {
  /** Colour from this value up; the first one's value is null. */
  readonly steps: readonly Threshold[];
  readonly decimals?: number;
  /** Said when there is no number. */
  readonly empty?: string;
  /** Number → what is shown in its place. */
  readonly words?: Readonly<Record<string, string>>;
}

/** One number, as it is now: not the last one seen, so that what has died does not look alive. */
export function stat(options: StatOptions): Panel {
  const builder = new StatBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(prometheus)
    .unit(options.unit)
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .thresholds(
      new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...options.steps]),
    )
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .targets(options.queries.map((query, index) => target(query, index).instant()));
  if (options.decimals !== undefined) builder.decimals(options.decimals);
  if (options.empty !== undefined) builder.noValue(options.empty);
  if (options.words !== undefined) {
    const words = Object.entries(options.words).map(([value, text]) => [value, { text }]);
    builder.mappings([{ type: MappingType.ValueToText, options: Object.fromEntries(words) }]);
  }
  return builder.build();
}

/** A Prometheus histogram over time: `queries` give its buckets by `le`, as counts. */
export function heatmap(options: About): Panel {
  return new HeatmapBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(prometheus)
    .calculate(false)
    .yAxis(new YAxisConfigBuilder().unit(options.unit).min(0))
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .scale(HeatmapColorScale.Exponential)
        .exponent(0.4)
        .steps(64),
    )
    .filterValues(new FilterValueRangeBuilder().le(1e-9))
    .tooltip(
      new HeatmapTooltipBuilder()
        .mode(TooltipDisplayMode.Single)
        .yHistogram(true)
        .showColorScale(true),
    )
    .exemplarsColor('rgba(31, 120, 193, 0.9)')
    .showLegend()
    .targets(
      options.queries.map((query, index) => target(query, index).format(PromQueryFormat.Heatmap)),
    )
    .build();
}

interface TableOptions extends About {
  /** Label → heading; other labels are not shown. */
  readonly columns: Readonly<Record<string, string>>;
  /** Said when there is no row. */
  readonly empty: string;
}

/** One row for each series, as it is now. */
export function table(options: TableOptions): Panel {
  const names = Object.keys(options.columns);
  const panel = new TableBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(prometheus)
    .unit(options.unit)
    .noValue(options.empty)
    .withTransformation({
      id: 'organize',
      options: {
        includeByName: Object.fromEntries(names.map((name) => [name, true])),
        indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
        renameByName: options.columns,
      },
    })
    .targets(
      options.queries.map((query, index) =>
        target(query, index).instant().format(PromQueryFormat.Table),
      ),
    )
    .build();
  const { footer: _gone, ...tableOptions } = panel.options; // Grafana 13 has no such option.
  return { ...panel, options: tableOptions };
}

/** Markdown. */
export function text(title: string, description: string, content: string): Panel {
  return new TextBuilder()
    .title(title)
    .description(description)
    .mode(TextMode.Markdown)
    .content(content)
    .build();
}

function target({ expr, legend, exemplars = false }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(String.fromCharCode('A'.charCodeAt(0) + index))
    .datasource(prometheus)
    .expr(expr)
    .legendFormat(legend)
    .exemplar(exemplars)
    .range();
}
