import type { Analysis } from '../analysis/analysis.ts';
import type { Percentiles } from '../analysis/percentiles.ts';
import type { TierPhase } from '../analysis/tierRows.ts';
import type { Run } from '../run.ts';
import { counted, quantileMs } from './format.ts';
import { rowName } from './rowName.ts';
import { type Cell, pair, type Row, type Table } from './table.ts';

/** Percentiles per tier, baseline → with pauses. */
export function latencyTable({ tiers }: Analysis, { mesh }: Run): Table {
  const rows = tiers.flatMap((row): Row[] => {
    const { baseline, pauses } = row;
    const phases = [baseline, pauses];
    const lines: Row[] = [
      {
        cells: [
          rowName(row, mesh.name),
          pair(counted(baseline?.requests), counted(pauses?.requests)),
          ...figures(baseline?.latency, pauses?.latency),
        ],
      },
    ];
    const detail = (name: string, pick: (phase: TierPhase) => Percentiles | null) => {
      const [before, during] = [baseline && pick(baseline), pauses && pick(pauses)];
      const samples = pair(counted(before?.samples), counted(during?.samples));
      lines.push({ quiet: true, cells: [`    ${name}`, samples, ...figures(before, during)] });
    };
    if (phases.some((phase) => phase && phase.errors + phase.dropped > 0)) {
      detail('failed = never', ({ answered }) => answered);
    }
    if (phases.some((phase) => phase?.attempts)) {
      detail('single attempts', ({ attempts, latency }) => attempts ?? latency);
    }
    detail('handler', ({ handler }) => handler);
    return lines;
  });
  return {
    title: 'Latency at the caller in ms, baseline → with pauses',
    columns: ['tier', 'requests', 'P50', 'P99', 'P99.9', 'max'].map((head) => ({ head })),
    rows,
  };
}

function figures(
  baseline: Percentiles | null | undefined,
  pauses: Percentiles | null | undefined,
): Cell[] {
  return (['p50Ms', 'p99Ms', 'p999Ms', 'maxMs'] as const).map((key) => {
    const shown = (one: Percentiles | null | undefined) => {
      if (!one || one.samples === 0) return 'no data';
      return quantileMs(one[key]);
    };
    return pair(shown(baseline), shown(pauses));
  });
}
