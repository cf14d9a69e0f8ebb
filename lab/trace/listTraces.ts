import { hasFailed } from '../../traces/failure.ts';
import { serviceOf } from '../../traces/service.ts';
import { printable } from '../../traces/textWidth.ts';
import type { Trace } from '../../traces/trace.ts';
import { msText } from '../../traces/waterfall.ts';
import { count, plural } from '../report/format.ts';
import { textTable } from '../report/textTable.ts';
import type { Screen } from './paint.ts';
import { short } from './short.ts';
import { pausesDuring } from './spanDetails.ts';
import type { Holding, TraceStore } from './traceStore.ts';

/** A trace in a list. */
export interface Listed {
  readonly traceId: string;
  readonly durationMs: number;
  readonly spans: number;
  readonly failed: number;
  readonly service: string;
  readonly name: string;
  /** `hit`: its spans say so; `during`: a pause of a service in it fell into its time. */
  readonly pause: {
    readonly service: string;
    readonly ms: number;
    readonly seen: 'hit' | 'during';
  } | null;
}

/** The slowest first. */
export function listed({ traces, pauses }: Holding): Listed[] {
  return traces
    .map((trace) => ({
      traceId: trace.traceId,
      durationMs: Number(trace.durationNano) / 1e6,
      spans: trace.spans.length,
      failed: trace.spans.filter(hasFailed).length,
      service: trace.root?.service ?? '',
      name: trace.root?.span.name ?? '',
      pause: pauseOf(trace, pauses),
    }))
    .sort((a, b) => b.durationMs - a.durationMs || (a.traceId < b.traceId ? -1 : 1));
}

/** What it lost to a pause by its spans' own evidence; else the longest pause in its time. */
export function pauseOf(trace: Trace, pauses: Holding['pauses']): Listed['pause'] {
  const hit = trace.blame.find(({ cause }) => cause === 'pause');
  if (hit !== undefined) {
    return { service: hit.service, ms: Number(hit.durationNano) / 1e6, seen: 'hit' };
  }
  const during = pausesDuring(trace, pauses).map((pause) => ({
    service: serviceOf(pause),
    ms: Number(pause.endUnixNano - pause.startUnixNano) / 1e6,
    seen: 'during' as const,
  }));
  return during.sort((a, b) => b.ms - a.ms)[0] ?? null;
}

export interface ListOptions {
  readonly limit: number;
  readonly only: 'paused' | 'failed' | null;
}

/** The first of those that are asked for. */
export function chosen(rows: readonly Listed[], { limit, only }: ListOptions): readonly Listed[] {
  return rows
    .filter(
      ({ pause, failed }) => only === null || (only === 'paused' ? pause !== null : failed > 0),
    )
    .slice(0, limit);
}

export function showList(
  store: TraceStore,
  rows: readonly Listed[],
  { limit, only }: ListOptions,
  { paint, width }: Screen,
): string {
  const paused = rows.filter(({ pause }) => pause !== null);
  const failed = rows.filter((row) => row.failed > 0);
  const shown = chosen(rows, { limit, only });
  const hit = paused.filter(({ pause }) => pause?.seen === 'hit').length;
  const during = paused.length - hit;
  const facts = [
    plural(rows.length, 'trace'),
    ...(hit > 0 ? [`${count(hit)} hit by a pause`] : []),
    ...(during > 0
      ? [`${count(during)} ${hit > 0 ? 'more ' : ''}during ${hit > 0 ? 'one' : 'a pause'}`]
      : []),
    ...(failed.length > 0 ? [`${count(failed.length)} with an error`] : []),
  ];
  const table = textTable(
    {
      title: `The slowest ${shown.length}${only === null ? '' : ` that ${only === 'paused' ? 'met a pause' : 'failed'}`}`,
      columns: [
        { head: 'trace' },
        { head: 'took' },
        { head: 'root', align: 'left' },
        { head: '', align: 'left' },
      ],
      rows: shown.map((row) => ({
        cells: [
          row.traceId,
          msText(BigInt(Math.round(row.durationMs * 1e6))),
          short(row.name, Math.max(12, width - 63)),
          markOf(row),
        ],
        ...(row.pause !== null && { marks: [3] }),
      })),
    },
    paint,
    width,
  );
  const hints = [
    `  trace ${shown[0]?.traceId ?? 'ID'}   shows it; --as test writes a test`,
    ...(only === null && paused.length > 0
      ? ['  trace --only paused   those that met a pause']
      : []),
    ...(only === null && failed.length > 0 ? ['  trace --only failed   those with an error'] : []),
  ];
  return [
    printable(store.name),
    facts.join(', '),
    '',
    ...(shown.length === 0 ? ['None.'] : [table]),
    '',
    ...hints.map((hint) => paint('dim', hint)),
    '',
  ].join('\n');
}

function markOf({ failed, pause }: Listed): string {
  const paused =
    pause === null
      ? []
      : [
          `${pause.seen === 'hit' ? '▒' : 'in'} ${short(pause.service, 10)}'s ${msText(BigInt(Math.round(pause.ms * 1e6)))}`,
        ];
  return [...(failed > 0 ? [`✗${failed}`] : []), ...paused].join(' ');
}
