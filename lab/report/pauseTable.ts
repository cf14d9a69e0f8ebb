import type { Analysis } from '../analysis/analysis.ts';
import type { PauseGroup } from '../analysis/groups.ts';
import { count, countDiffers, decimal, differs, ms } from './format.ts';
import type { Row, Table } from './table.ts';

/** One pause of a group: measured beside expected, with the formula. */
export function pauseTable(analysis: Analysis, group: PauseGroup): Table {
  if (group.control) return controlTable(group);
  const { pauses, requestedMs, measuredMs, expected, told, drainMs, lostRequestMs } = group;
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
    marks: measured !== null && wanted !== null && differs(measured, wanted, least) ? [1] : [],
    cells: [name, ms(measured), wanted === null ? '–' : ms(wanted), how],
  });
  const counts = (name: string, measured: number, wanted: number | null, how: string): Row => ({
    marks: wanted !== null && countDiffers(measured, wanted) ? [1] : [],
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
    ...(told
      ? [
          counts(
            'victims by its spans',
            told.hit + told.queued,
            group.victims,
            `hit ${each(told.hit)}, queued ${each(told.queued)}; expected: as above, measured`,
          ),
        ]
      : []),
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
      marks: median > most + 5 ? [1] : [],
      cells: [
        'burst after it, ms',
        ms(median),
        `≤ ${ms(most)}`,
        'beyond D − (1−ρ)t; λDS, CPU a request from here up',
      ],
    });
  }
  const isOnly = analysis.groups.filter(({ control }) => !control).length === 1;
  if (isOnly && additivity.boundMs !== null && additivity.largestMs !== null) {
    rows.push({
      marks: additivity.below < 0.9 * additivity.pauses ? [1] : [],
      cells: [
        'slowest request, ms',
        ms(additivity.largestMs),
        `≤ ${ms(additivity.boundMs)}`,
        `baseline's P99.9 + D + λDS + 5; kept by ${additivity.below} of ${additivity.pauses}`,
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

function ratioNote({ victimRatio }: PauseGroup): string {
  return victimRatio === null ? '' : `, ${decimal(victimRatio, 2)} × expected`;
}
