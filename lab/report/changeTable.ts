import type { Analysis } from '../analysis/analysis.ts';
import type { TierPhase } from '../analysis/tierRows.ts';
import type { Run } from '../run.ts';
import { count, decimal, differs, signedMs } from './format.ts';
import { rowName } from './rowName.ts';
import { pair, type Row, type Table } from './table.ts';

/** How far each tier moved, against the prediction, and what failed there. */
export function changeTable({ tiers, change, groups }: Analysis, { mesh }: Run): Table {
  const group = groups.find(({ control }) => !control) ?? groups[0];
  const rows = tiers.map((row, index): Row => {
    const changeOf = (percentile: number) =>
      change.find(
        (one) => one.percentile === percentile && one.services.join() === row.services.join(),
      );
    const p99 = changeOf(0.99);
    const amplified = group?.amplification[index];
    const marked =
      typeof p99?.changeMs === 'number' &&
      p99.predictedMs !== null &&
      differs(p99.changeMs, p99.predictedMs, 5);
    const both = (pick: (phase: TierPhase) => string) =>
      pair(row.baseline ? pick(row.baseline) : '–', row.pauses ? pick(row.pauses) : '–');
    return {
      marks: marked ? [2, 3] : [],
      cells: [
        rowName(row, mesh.name),
        signedMs(changeOf(0.5)?.changeMs ?? null),
        signedMs(p99?.changeMs ?? null),
        p99?.predictedMs == null ? '–' : signedMs(p99.predictedMs),
        decimal(amplified?.median ?? null, 2),
        decimal(amplified?.max ?? null, 2),
        both(({ errors, dropped }) => count(errors + dropped)),
        both(({ timeouts }) => count(timeouts)),
        both(({ attemptsPerRequest }) => decimal(attemptsPerRequest, 2)),
      ],
    };
  });
  return {
    title: 'What the pauses changed, by tier',
    columns: [
      { head: 'tier' },
      { head: 'P50\nms' },
      { head: 'P99\nms' },
      { head: 'predicted\nms' },
      { head: 'extra/D\nmedian' },
      { head: 'extra/D\nmax' },
      { head: 'errors\n' },
      { head: 'time-outs\n' },
      { head: 'attempts\nper request' },
    ],
    rows,
  };
}
