import type { BlameSection } from '../../traces/blame.ts';
import type { Interval } from '../../traces/interval.ts';
import { serviceOf } from '../../traces/service.ts';
import type { Span } from '../../traces/span.ts';
import { columns, textWidth } from '../../traces/textWidth.ts';
import type { Trace } from '../../traces/trace.ts';
import { msText, waterfall } from '../../traces/waterfall.ts';
import { percent } from '../report/format.ts';
import { type Paint, textTable } from '../report/textTable.ts';
import { partPainter, type Screen } from './paint.ts';
import { short } from './short.ts';
import {
  type Detail,
  errorDetails,
  eventDetails,
  labelOf,
  linkDetails,
  pauseDetails,
} from './spanDetails.ts';

const mostRows = 16;
const mostDetails = 8;
/** Of a trace: smaller shares of blame are told together. */
const leastShare = 0.01;
/** Of a trace: shorter stretches of the critical path are told together. */
const leastStretch = 0.005;
/** Shorter causes are not told beside a longer one. */
const tellingNano = 1_000_000n;
const barCells = 16;

/** A trace for a terminal: waterfall, critical path, blame, and what spans tell besides. */
export function showTrace(trace: Trace, pauses: readonly Span[], { paint, width }: Screen): string {
  const attempts = attemptTexts(trace);
  const drawn = waterfall(trace, {
    width,
    paint: partPainter(paint),
    remarksOf: (span) => [...(attempts.get(span.spanId) ?? []), ...waitText(span)],
  });
  return [
    drawn,
    legend(trace, paint),
    ...criticalPathTable(trace, paint, width),
    ...blameTable(trace, paint, width),
    ...details(trace, pauses, paint, width),
    '',
  ].join('\n');
}

function attemptTexts(trace: Trace): ReadonlyMap<string, string[]> {
  return new Map(
    trace.retries.flatMap(({ attempts }) =>
      attempts.map(({ spanId }, i) => [spanId, [`try ${i + 1}/${attempts.length}`]] as const),
    ),
  );
}

/** What a request waited for its turn, where it is not a span of its own. */
function waitText({ attributes }: Span): string[] {
  const waitMs = attributes['aftershock.queue.wait_ms'];
  if (typeof waitMs !== 'number' || waitMs < 1) return [];
  return [`queued ${msText(BigInt(Math.round(waitMs * 1e6)))}`];
}

function legend(trace: Trace, paint: Paint): string {
  const painted = partPainter(paint);
  const hasPause = trace.blame.some(({ cause }) => cause === 'pause');
  const parts = [
    `${painted('path', '█')} on the critical path`,
    `${painted('bar', '░')} not`,
    ...(hasPause ? [`${painted('pause', '▒')} paused`] : []),
  ];
  return `${parts.join('   ')}`;
}

/** A stretch of the critical path in one span, with what it was spent on. */
interface Stretch {
  readonly span: Span;
  readonly startUnixNano: bigint;
  endUnixNano: bigint;
  readonly causes: Map<string, bigint>;
}

function criticalPathTable(trace: Trace, paint: Paint, width: number): string[] {
  const { root } = trace;
  const stretches = stretchesOf(trace.blameSections);
  if (root === null || stretches.length === 0) {
    return ['', 'No critical path: no root of any length'];
  }
  const start = root.span.startUnixNano;
  const least = Number(trace.durationNano) * leastStretch;
  const shown = new Set(
    stretches
      .filter((stretch) => Number(lengthOf(stretch)) >= least)
      .sort((a, b) => compare(lengthOf(b), lengthOf(a)))
      .slice(0, mostRows),
  );
  const hidden = stretches.filter((stretch) => !shown.has(stretch));
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(textWidth));
  const services = [...shown].map(({ span }) => short(serviceOf(span), 12));
  const names = [...shown].map(({ span }) => short(span.name, 24));
  const room = width - widest(['service', ...services]) - widest(names) - 24;
  const table = textTable(
    {
      title: `Critical path: ${msText(trace.durationNano)}`,
      columns: [
        { head: 'at', align: 'right' },
        { head: 'took' },
        { head: 'service', align: 'left' },
        { head: 'span', align: 'left' },
        { head: 'by', align: 'left' },
      ],
      rows: stretches
        .filter((stretch) => shown.has(stretch))
        .map((stretch) => ({
          cells: [
            msText(stretch.startUnixNano - start),
            msText(lengthOf(stretch)),
            short(serviceOf(stretch.span), 12),
            short(stretch.span.name, 24),
            short(causesText(stretch.causes), Math.max(18, room)),
          ],
          ...([...stretch.causes.keys()][0]?.startsWith('pause') && { marks: [4] }),
        })),
    },
    paint,
    width,
  );
  const left = hidden.reduce((sum, stretch) => sum + lengthOf(stretch), 0n);
  const more = `  ⋮ ${hidden.length} shorter, ${msText(left)} in all`;
  return ['', table, ...(hidden.length > 0 ? [paint('dim', more)] : [])];
}

function stretchesOf(sections: readonly BlameSection[]): Stretch[] {
  const result: Stretch[] = [];
  for (const { span, service, cause, startUnixNano, endUnixNano } of sections) {
    let last = result.at(-1);
    if (last?.span !== span) {
      last = { span, startUnixNano, endUnixNano, causes: new Map() };
      result.push(last);
    }
    // Whose it is, where that is not the span's service.
    const whose = service === serviceOf(span) ? cause : `${cause} of ${short(service, 12)}`;
    last.causes.set(whose, (last.causes.get(whose) ?? 0n) + endUnixNano - startUnixNano);
    last.endUnixNano = endUnixNano;
  }
  for (const stretch of result) {
    const sorted = [...stretch.causes].sort(([, a], [, b]) => compare(b, a));
    stretch.causes.clear();
    for (const [cause, nano] of sorted) stretch.causes.set(cause, nano);
  }
  return result;
}

/** The largest two, with how long where there are several. */
function causesText(causes: ReadonlyMap<string, bigint>): string {
  if (causes.size === 1) return [...causes.keys()].join('');
  const told = [...causes].filter(([, nano], i) => i === 0 || nano >= tellingNano).slice(0, 2);
  return told.map(([cause, nano]) => `${cause} ${msText(nano)}`).join(', ');
}

function blameTable(trace: Trace, paint: Paint, width: number): string[] {
  const total = Number(trace.durationNano);
  if (total === 0) return [];
  const told = trace.blame.filter(({ durationNano }) => Number(durationNano) / total >= leastShare);
  const rest = trace.blame.slice(told.length);
  const rows = told.map(({ service, cause, durationNano }) => {
    const share = Number(durationNano) / total;
    const cells = Math.round(share * barCells);
    return {
      cells: [
        short(service, 16),
        cause,
        msText(durationNano),
        percent(share),
        '█'.repeat(cells) || '▏',
      ],
      ...(cause === 'pause' && { marks: [1, 4] }),
    };
  });
  const columnsOf = [
    { head: 'service' },
    { head: 'cause', align: 'left' as const },
    { head: 'took' },
    { head: 'share' },
    { head: '', align: 'left' as const },
  ];
  const left = rest.reduce((sum, { durationNano }) => sum + durationNano, 0n);
  const more = `  ⋮ ${rest.length} below ${percent(leastShare)}, ${msText(left)} in all`;
  const table = textTable({ title: 'Blame', columns: columnsOf, rows }, paint, width);
  return ['', table, ...(rest.length > 0 ? [paint('dim', more)] : [])];
}

function details(trace: Trace, pauses: readonly Span[], paint: Paint, width: number): string[] {
  const start = trace.root?.span.startUnixNano ?? 0n;
  const line = ({ at, span, what }: Detail) => {
    const when = at === null ? '' : `${msText(at - start).padStart(9)}  `;
    return columns(`  ${when}${labelOf(span)}  ${what}`, width).trimEnd();
  };
  const section = (title: string, all: readonly Detail[]) => {
    if (all.length === 0) return [];
    const more = all.length - mostDetails;
    return [
      '',
      paint('bold', title),
      ...all.slice(0, mostDetails).map(line),
      ...(more > 0 ? [paint('dim', `  ⋮ ${more} more`)] : []),
    ];
  };
  return [
    ...section('Pauses', pauseDetails(trace, pauses)),
    ...section('Errors', errorDetails(trace)),
    ...section('Events', eventDetails(trace)),
    ...section('Links', linkDetails(trace, pauses)),
  ];
}

function lengthOf({ startUnixNano, endUnixNano }: Interval): bigint {
  return endUnixNano - startUnixNano;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
