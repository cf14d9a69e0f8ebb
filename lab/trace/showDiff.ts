import type { CauseDelta, HopDiff, TraceDiff } from '../../traces/diff/diffTraces.ts';
import { columns } from '../../traces/textWidth.ts';
import type { Trace } from '../../traces/trace.ts';
import { msText } from '../../traces/waterfall.ts';
import { plural } from '../report/format.ts';
import { type Paint, textTable } from '../report/textTable.ts';
import type { Screen } from './paint.ts';
import { short } from './short.ts';

const mostRows = 20;
const mostReasons = 3;
const mostChanges = 12;
const tellingNano = 500_000n;

/** Two traces side by side: what of each hop makes the second one slower, or faster. */
export function showDiff(diff: TraceDiff, { paint, width }: Screen): string {
  const { a, b, hops, alike, deltaNano, outsideNano } = diff;
  const head = [
    columns(`A  ${labelOf(a)}`, width).trimEnd(),
    columns(`B  ${labelOf(b)}`, width).trimEnd(),
    '',
    paint('bold', `B took ${compared(deltaNano)}`),
  ];
  const outside = outsideNano.b - outsideNano.a;
  const notes = [
    ...(outsideNano.a + outsideNano.b > tellingNano
      ? [
          `Only one of them has what lies above, or beside: ${signed(outside)} of that is not below.`,
        ]
      : []),
    `${plural(alike, 'hop')} ${alike === 1 ? 'differs' : 'differ'} by less than 1 ms, and in nothing else.`,
  ];
  if (hops.length === 0) return [...head, '', ...notes, ''].join('\n');
  const shown = hops.slice(0, mostRows);
  const rest = hops.slice(mostRows);
  const left = rest.reduce((sum, hop) => sum + hop.deltaNano, 0n);
  const table = textTable(
    {
      title: 'By hop: time on the critical path',
      columns: [
        { head: 'hop' },
        { head: 'A' },
        { head: 'B' },
        { head: 'B − A' },
        { head: 'why', align: 'left' },
      ],
      rows: shown.map((hop) => ({
        cells: [
          hopLabel(hop, hopWidth(width)),
          timeOf(hop, 'a'),
          timeOf(hop, 'b'),
          signed(hop.deltaNano),
          inLines(why(hop), width - hopWidth(width) - 34),
        ],
        ...(hop.causes[0]?.cause === 'pause' && { marks: [4] }),
      })),
    },
    paint,
    width,
  );
  return [
    ...head,
    '',
    table,
    ...(rest.length > 0 ? [paint('dim', `  ⋮ ${rest.length} more: ${signed(left)} in all`)] : []),
    ...changeLines(hops, paint, width),
    '',
    ...notes.map((note) => paint('dim', note)),
    '',
  ].join('\n');
}

export function compared(nano: bigint): string {
  if (nano < 1_000_000n && nano > -1_000_000n) return 'as long (± 1 ms)';
  return nano > 0n ? `${msText(nano)} longer` : `${msText(-nano)} less`;
}

function labelOf(trace: Trace): string {
  const { root, spans, durationNano, traceId } = trace;
  const name = root === null ? '' : `  ${short(root.service, 12)} ${short(root.span.name, 20)}`;
  return `${traceId}  ${msText(durationNano)}, ${plural(spans.length, 'span')}${name}`;
}

function hopLabel({ a, b, spans }: HopDiff, room: number): string {
  const view = b ?? a;
  if (view === null) return '';
  const below = spans > 1 ? `, ${spans} spans` : '';
  const name = `${short(view.service, 12)} ${view.span.name}${arrow(view.span.kind)}`;
  return `${short(name, room - below.length)}${below}`;
}

export function hopWidth(width: number): number {
  return Math.max(14, Math.min(40, Math.floor(width * 0.3)));
}

/** Reasons in one line, or as many as there is room for in each. */
export function inLines(reasons: readonly string[], width: number): string {
  const lines: string[] = [];
  for (const reason of reasons) {
    const last = lines.at(-1);
    const longer = `${last}, ${reason}`;
    if (last !== undefined && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(reason);
  }
  return lines.join('\n');
}

/** A call as its caller saw it. */
export function arrow(kind: string): string {
  return kind === 'client' || kind === 'producer' ? ' →' : '';
}

function timeOf(hop: HopDiff, side: 'a' | 'b'): string {
  return hop[side] === null ? '–' : msText(hop.pathNano[side]);
}

export function signed(nano: bigint): string {
  if (nano === 0n) return '0';
  return nano > 0n ? `+${msText(nano)}` : `−${msText(-nano)}`;
}

function why(hop: HopDiff): string[] {
  const { state, durationNano, a, b } = hop;
  const what: string[] =
    state === 'both'
      ? []
      : state === 'retry'
        ? [b === null ? 'one try less' : 'another try']
        : state === 'repeated'
          ? [b === null ? 'one call less' : 'one call more']
          : [state === 'new' ? 'only in B' : 'only in A'];
  const isOffPath = hop.pathNano.a === 0n && hop.pathNano.b === 0n;
  const delta = durationNano.b - durationNano.a;
  const offPath =
    isOffPath && state === 'both' && (delta >= 1_000_000n || delta <= -1_000_000n)
      ? [`${signed(delta)}, off the path`]
      : [];
  const status = hop.changes.some(({ what: changed }) => changed === 'status')
    ? [`${a?.span.status.code} → ${b?.span.status.code}`]
    : [];
  const service = (b ?? a)?.service ?? '';
  return [...what, ...offPath, ...causeTexts(hop.causes, service), ...status].slice(0, mostReasons);
}

function causeTexts(causes: readonly CauseDelta[], own: string): string[] {
  return causes
    .filter(({ deltaNano }, i) => i === 0 || deltaNano > tellingNano || deltaNano < -tellingNano)
    .map(({ service, cause, deltaNano }) => {
      const whose = service === own ? '' : ` of ${short(service, 12)}`;
      return `${cause}${whose} ${signed(deltaNano)}`;
    });
}

/** What differs besides time. */
function changeLines(hops: readonly HopDiff[], paint: Paint, width: number): string[] {
  const times = new Map<string, number>();
  for (const { a, b, changes } of hops) {
    const view = b ?? a;
    if (view === null) continue;
    const label = `${short(view.service, 12)} ${short(view.span.name)}${arrow(view.span.kind)}`;
    for (const change of changes) {
      const line = `${label}  ${short(change.what)}: ${short(change.a)} → ${short(change.b)}`;
      times.set(line, (times.get(line) ?? 0) + 1);
    }
  }
  const lines = [...times].map(([line, count]) =>
    columns(`  ${count > 1 ? `${count}× ` : ''}${line}`, width).trimEnd(),
  );
  if (lines.length === 0) return [];
  const more = lines.length - mostChanges;
  return [
    '',
    paint('bold', 'What else differs'),
    ...lines.slice(0, mostChanges),
    ...(more > 0 ? [paint('dim', `  ⋮ ${more} more`)] : []),
  ];
}
