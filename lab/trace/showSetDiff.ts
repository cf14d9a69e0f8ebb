import type { Finding, SetDiff, SetHopDiff } from '../../traces/diff/diffSets.ts';
import { ms, percent, plural } from '../report/format.ts';
import type { Cell } from '../report/table.ts';
import { textTable } from '../report/textTable.ts';
import { wrap } from '../report/wrap.ts';
import type { Screen } from './paint.ts';
import { short } from './short.ts';
import { arrow, hopWidth, inLines, signed } from './showDiff.ts';

const mostRows = 20;
const mostReasons = 3;

/** Two sets of traces: the hops of which something differs beyond noise. */
export function showSetDiff(
  diff: SetDiff,
  names: { readonly a: string; readonly b: string },
  { paint, width }: Screen,
): string {
  const { traces, whole, hops, alike } = diff;
  const shown = hops.slice(0, mostRows);
  const room = hopWidth(width);
  const whyWidth = width - room - 36;
  const table = textTable(
    {
      title: 'By hop: time on the critical path of a trace that has it',
      columns: [
        { head: 'hop' },
        { head: 'P50, ms' },
        { head: 'P99, ms' },
        { head: 'beyond noise, B − A', align: 'left' },
      ],
      rows: [
        {
          cells: [
            'whole trace',
            pairOf(whole.p50Ms),
            pairOf(whole.p99Ms),
            inLines(why(whole.findings), whyWidth),
          ],
        },
        ...shown.map((each) => ({
          cells: [
            hopLabel(each, room),
            pairOf(each.p50Ms),
            pairOf(each.p99Ms),
            inLines(why(each.findings), whyWidth),
          ],
        })),
      ],
    },
    paint,
    width,
  );
  const notes =
    `${plural(alike, 'hop')} without a difference beyond noise. Beyond noise: the 99 % intervals of ` +
    'both (order statistics for P50 and P99, Wilson for shares) lie apart, times by over 1 ms. ' +
    'Traces that one pause hit depend on one another: where pauses are few, a P99 is less sure.';
  return [
    `A  ${short(names.a, width - 24)}: ${plural(traces.a, 'trace')}`,
    `B  ${short(names.b, width - 24)}: ${plural(traces.b, 'trace')}`,
    '',
    table,
    ...(hops.length > mostRows ? [paint('dim', `  ⋮ ${hops.length - mostRows} more hops`)] : []),
    '',
    ...wrap(notes, width).map((line) => paint('dim', line)),
    '',
  ].join('\n');
}

function hopLabel({ hop }: SetHopDiff, room: number): string {
  const call = hop.target === '' ? arrow(hop.kind) : ` → ${hop.target}`;
  return short(`${short(hop.service, 12)}${call} ${hop.name}`, room);
}

function pairOf({ a, b }: SetHopDiff['p50Ms']): Cell {
  return { baseline: figure(a), pauses: figure(b) };
}

function figure(value: number | null): string {
  return value === null ? '–' : ms(value);
}

function why(findings: readonly Finding[]): string[] {
  const times = findings.filter((each) => each.what === 'time');
  const size = ({ a, b }: (typeof times)[number]) => Math.abs(b.value - a.value);
  // A cause says more than the sum; the sum only where no cause does.
  const ofCauses = times.filter(({ cause }) => cause !== null);
  const told = (ofCauses.length > 0 ? ofCauses : times).toSorted((x, y) => size(y) - size(x));
  const texts = [
    ...told.map(({ cause, quantile, a, b }) => {
      const delta = signed(BigInt(Math.round((b.value - a.value) * 1e6)));
      return `${cause === null ? '' : `${cause} `}P${quantile * 100} ${delta}`;
    }),
    ...findings.flatMap((each) => (each.what === 'time' ? [] : [shareText(each)])),
  ];
  return texts.length === 0 ? ['nothing'] : texts.slice(0, mostReasons);
}

function shareText({ what, a, b }: Exclude<Finding, { what: 'time' }>): string {
  const words = { present: 'there in', failed: 'failed in', repeated: 'made again in' };
  return `${words[what]} ${percent(a)} → ${percent(b)}`;
}
