import type { Analysis } from '../analysis/analysis.ts';
import { articleTierOf } from '../analysis/article.ts';
import type { PauseGroup } from '../analysis/groups.ts';
import type { Percentiles } from '../analysis/percentiles.ts';
import type { TierPhase, TierRow } from '../analysis/tierRows.ts';
import type { Run } from '../run.ts';
import {
  count,
  countDiffers,
  decimal,
  differs,
  ms,
  percent,
  quantileMs,
  signedMs,
} from './format.ts';
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
      lines.push({ tone: 'quiet', cells: [`    ${name}`, samples, ...figures(before, during)] });
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
      ...(marked ? { tone: 'mark' as const } : {}),
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

/** One pause of a group: measured beside expected, with the formula. */
export function pauseTable(analysis: Analysis, group: PauseGroup): Table {
  if (group.control) return controlTable(group);
  const { pauses, requestedMs, measuredMs, expected, drainMs, lostRequestMs } = group;
  const load = analysis.services[group.service];
  const { additivity } = analysis;
  const each = (total: number) => decimal(total / pauses, 1);
  const line = (
    name: string,
    measured: number | null,
    wanted: number | null,
    least: number,
    how: string,
  ): Row => ({
    ...(measured !== null && wanted !== null && differs(measured, wanted, least)
      ? { tone: 'mark' as const }
      : {}),
    cells: [name, ms(measured), wanted === null ? '–' : ms(wanted), how],
  });
  const counts = (name: string, measured: number, wanted: number | null, how: string): Row => ({
    ...(wanted !== null && countDiffers(measured, wanted) ? { tone: 'mark' as const } : {}),
    cells: [name, each(measured), wanted === null ? '–' : each(wanted), how],
  });
  const hitFrom = expected
    ? `: λ = ${decimal(load?.requestsPerSecond ?? null, 0)}/s, b = ${ms(load?.timeInProcessMs ?? null)} ms`
    : '';
  const queuedFrom = expected ? `: ρ = ${decimal(load?.utilization ?? null, 2)}` : '';
  const rows: Row[] = [
    line(
      'length D, ms',
      measuredMs.median,
      requestedMs?.median ?? null,
      2,
      `median of ${pauses}; ${ms(measuredMs.min)} to ${ms(measuredMs.max)}`,
    ),
    counts('requests hit', group.hit, expected?.hit ?? null, `λ(D+b)${hitFrom}`),
    counts('queued behind it', group.queued, expected?.queued ?? null, `λDρ/(1−ρ)${queuedFrom}`),
    counts(
      'victims',
      group.victims,
      expected ? expected.hit + expected.queued : null,
      `${count(group.victims)} in all${ratioNote(group)}`,
    ),
    line('drain, ms', drainMs.median, drainMs.expected, 5, 'Dρ/(1−ρ); median'),
    line(
      'lost request-time, ms',
      lostRequestMs.mean,
      lostRequestMs.expected,
      50,
      'λD²/(2(1−ρ)), summed over victims',
    ),
  ];
  if (group.beyondMs.median !== null && group.beyondMs.expected !== null) {
    const { median, expected: most } = group.beyondMs;
    rows.push({
      ...(median > most + 5 ? { tone: 'mark' as const } : {}),
      cells: [
        'burst after it, ms',
        ms(median),
        `≤ ${ms(most)}`,
        'beyond D − (1−ρ)t; λDS, CPU a request from here up',
      ],
    });
  }
  if (additivity.boundMs !== null && additivity.largestMs !== null) {
    const basis = additivity.baselineIs === 'max' ? 'maximum' : 'P99.9';
    rows.push({
      ...(additivity.additive === false ? { tone: 'mark' as const } : {}),
      cells: [
        'slowest request, ms',
        ms(additivity.largestMs),
        `≤ ${ms(additivity.boundMs)}`,
        `baseline's ${basis} + D + λDS + 5; kept by ${additivity.below} of ${additivity.pauses}`,
      ],
    });
  }
  return {
    title: `One ${group.kind} pause in ${group.service} (mean of ${pauses} unless said)`,
    columns: [
      { head: '' },
      { head: 'measured' },
      { head: 'expected' },
      { head: 'how', align: 'left' },
    ],
    rows,
  };
}

/** Nothing stands still in a delay: whoever was there meanwhile should not have noticed. */
function controlTable({
  kind,
  service,
  pauses,
  requestedMs,
  measuredMs,
  hit,
  amplification,
}: PauseGroup): Table {
  const client = amplification[0];
  const range = `${ms(measuredMs.min)} to ${ms(measuredMs.max)}`;
  return {
    title: `One ${kind} in ${service} (the control)`,
    columns: [
      { head: '' },
      { head: 'measured' },
      { head: 'expected' },
      { head: 'how', align: 'left' },
    ],
    rows: [
      {
        cells: [
          'length D, ms',
          ms(measuredMs.median),
          requestedMs ? ms(requestedMs.median) : '–',
          `median of ${pauses}; ${range}`,
        ],
      },
      { cells: ['requests there meanwhile', decimal(hit / pauses, 1), '–', 'mean'] },
      { cells: ['extra/D, median', decimal(client?.median ?? null, 2), '0', 'at the client'] },
      { cells: ['extra/D, largest', decimal(client?.max ?? null, 2), '1', 'the one that slept'] },
    ],
  };
}

/** The article's cells beside the measured ones, and what was on; null for other meshes. */
export function articleTable({ article }: Analysis): Table | null {
  if (!article) return null;
  return {
    title: 'The article’s table beside this run’s',
    columns: [
      { head: 'pause' },
      { head: 'tier here\n(article’s)', align: 'left' },
      { head: 'article\nP99' },
      { head: 'here\nP99, ms' },
      { head: 'here\nmax, ms' },
      { head: 'here\nfailed' },
      { head: 'switched on\n', align: 'left' },
    ],
    rows: article.map((cell) => ({
      cells: [
        `${cell.articlePauseMs} ms`,
        `${cell.tier} (${cell.articleTier}) ${cell.services.join(', ')}`,
        cell.article,
        quantileMs(cell.p99Ms),
        quantileMs(cell.maxMs),
        cell.failedShare === null ? 'no data' : percent(cell.failedShare),
        cell.switchedOn.join('\n'),
      ],
    })),
  };
}

/** What can and cannot be, whatever is measured; null for other meshes. */
export function arithmeticTable({ article }: Analysis): Table | null {
  if (!article) return null;
  return {
    title: 'What arithmetic says of the article’s figures',
    columns: [{ head: 'pause' }, { head: 'article' }, { head: '', align: 'left' }],
    rows: article.map(({ articlePauseMs, article, arithmetic }) => ({
      cells: [`${articlePauseMs} ms`, article, arithmetic],
    })),
  };
}

/** Where the spans went, by process. */
export function spanTable({ spans }: Analysis): Table {
  const shown = (value: number | null) => (value === null ? 'unknown' : count(value));
  return {
    title: 'Spans',
    columns: ['process', 'ended', 'stored', 'dropped', 'lost'].map((head) => ({ head })),
    rows: spans.map(({ service, ended, stored, dropped, lost }) => ({
      ...(lost === 0 ? {} : { tone: 'mark' as const }),
      cells: [service, shown(ended), shown(stored), shown(dropped), shown(lost)],
    })),
  };
}

/** What disturbed the services besides the pauses, baseline → with pauses. */
export function disturbanceTable({ trouble, services }: Analysis): Table {
  const time = (value: number | null | undefined) => (value == null ? 'unknown' : ms(value));
  const share = (value: number | null | undefined) => (value == null ? 'unknown' : percent(value));
  return {
    title: 'Services, baseline → with pauses',
    columns: [
      { head: 'service' },
      { head: 'λ\n1/s' },
      { head: 'b\nms' },
      { head: 'CPU/request\nms' },
      { head: 'ρ\n' },
      { head: 'major GCs of\nits own' },
      { head: 'their time\nms' },
      { head: 'without a core\nof the time' },
    ],
    rows: trouble.services.map(({ service, baseline, pauses }) => {
      const load = services[service];
      return {
        cells: [
          service,
          decimal(load?.requestsPerSecond ?? null, 1),
          ms(load?.timeInProcessMs ?? null),
          decimal(load?.cpuMsPerRequest ?? null, 2),
          decimal(load?.utilization ?? null, 2),
          pair(counted(baseline?.naturalCollections), counted(pauses?.naturalCollections)),
          pair(time(baseline?.naturalCollectionsMs), time(pauses?.naturalCollectionsMs)),
          pair(share(baseline?.withoutCoreShare), share(pauses?.withoutCoreShare)),
        ],
      };
    }),
  };
}

/** `2 auth`, or `2 (2) auth` with the article's number; many services are counted. */
export function rowName({ tier, services }: TierRow, meshName: string): string {
  const other = meshName === 'article' ? ` (${articleTierOf(tier) ?? '–'})` : '';
  const names =
    services.length > 3
      ? `${services[0]} … ${services.at(-1)} (${services.length})`
      : services.join();
  return `${tier}${other} ${names}`;
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

function counted(value: number | undefined): string {
  return value === undefined ? 'no data' : count(value);
}

function ratioNote({ victimRatio }: PauseGroup): string {
  return victimRatio === null ? '' : `, ${decimal(victimRatio, 2)} × expected`;
}
