import { counted } from './counted.ts';
import { hasFailed } from './failure.ts';
import { earlier, type Interval, later, lengthNano, union, within } from './interval.ts';
import { pausesOn } from './pauseEvidence.ts';
import { serviceOf } from './service.ts';
import type { Span } from './span.ts';
import { columns, printable, textWidth } from './textWidth.ts';
import type { Trace } from './trace.ts';
import type { SpanNode } from './tree.ts';

export interface WaterfallOptions {
  /** What to say of a span, on a line of its own each, by the span's id. Such spans come before others. */
  readonly notes?: ReadonlyMap<string, readonly string[]>;
  /** Lines at most, of at least 8, with notes 20. Default: 40. */
  readonly maxLines?: number;
  /** Columns at most, of at least 60. Default: 110. */
  readonly width?: number;
  /** What to say of a span besides, in a few words, on its line. */
  readonly remarksOf?: (span: Span) => readonly string[];
  /** Colours a part of a line. */
  readonly paint?: (part: WaterfallPart, text: string) => string;
}

/** `bar`: off the critical path, where `path` is on it. */
export type WaterfallPart = 'head' | 'bar' | 'path' | 'pause' | 'failed' | 'note';

/** A span, or several alike siblings of which this is the one that matters most. */
interface Row {
  readonly node: SpanNode;
  readonly depth: number;
  readonly alike: number;
  readonly isOrphan: boolean;
}

/** What decides which spans are shown. */
interface Selection {
  /** Ids of spans that stand for themselves, whatever they are like. */
  readonly kept: ReadonlySet<string>;
  readonly weightOf: (node: SpanNode) => number;
}

const fewestAlike = 4;
const deepest = 12;
const mostNotes = 14;
const longestNote = 400;
const widestService = 16;
const widestName = 36;
const fewestCells = 12;
/** Columns for what is said behind a bar: at least, and where the others leave room. */
const fewestRemarks = 14;
const usualRemarks = 31;

/**
 * A trace as text, a line a span: service, name, when it ran, how long. `█` on the critical path,
 * `░` off it, `▒` a pause, `✗` failed, `?` its parent is missing. Siblings that are alike, from
 * four on, are one line; of what is still too much the most telling lines are shown.
 */
export function waterfall(trace: Trace, options: WaterfallOptions = {}): string {
  const { maxLines = 40, width = 110, paint = (_, text) => text } = options;
  if (trace.spans.length === 0) return 'no spans';
  const notes = firstNotes(options.notes ?? new Map());
  const onPath = new Map<string, bigint>();
  for (const { span, startUnixNano, endUnixNano } of trace.criticalPath) {
    const nano = endUnixNano - startUnixNano;
    onPath.set(span.spanId, (onPath.get(span.spanId) ?? 0n) + nano);
  }
  const kept = withAncestors(trace, notes.keys());
  const weightOf = ({ span, place }: SpanNode): number =>
    (notes.has(span.spanId) ? 2e21 : kept.has(span.spanId) ? 1e21 : 0) +
    (place === 'child' ? 0 : 1e17) +
    (hasFailed(span) ? 1e15 : 0) +
    Number(onPath.get(span.spanId) ?? 0n) * 1000 +
    Math.max(0, Number(span.endUnixNano - span.startUnixNano));
  const rows = rowsOf(trace, { kept, weightOf });
  const [head, ...links] = heading(trace);
  const noteLines = [...notes.values()].flat().length;
  const room = Math.max(3, maxLines - 2 - links.length - noteLines);
  const hidden = hiddenOf(rows, room, weightOf);
  const shown = rows.filter((row) => !hidden.has(row));

  const from = trace.spans.map(({ startUnixNano }) => startUnixNano).reduce(earlier);
  const to = trace.spans.map(({ endUnixNano }) => endUnixNano).reduce(later, from);
  const widest = (textOf: (row: Row) => string) =>
    Math.max(...shown.map((row) => textWidth(textOf(row))));
  const services = Math.min(widestService, widest(serviceText));
  const inner = width - services - 3;
  const names = Math.min(widestName, inner - fewestCells - fewestRemarks, widest(nameText));
  const barWidth = Math.max(fewestCells, inner - names - usualRemarks);
  const whole = msText(to - from);
  const lines = [
    paint('head', head),
    ...links,
    paint(
      'note',
      `${' '.repeat(services + names + 2)}${'0'.padEnd(barWidth - whole.length)}${whole}`,
    ),
  ];
  const indent = ' '.repeat(services + 1);
  let skipped = 0;
  const flush = () => {
    if (skipped > 0) lines.push(paint('note', `${indent}⋮ ${counted(skipped, 'more line')}`));
    skipped = 0;
  };
  for (const row of rows) {
    if (hidden.has(row)) {
      skipped++;
      continue;
    }
    flush();
    const { span } = row.node;
    const bar = barOf(span, from, to, barWidth, onPath.has(span.spanId)).replace(
      /█+|░+|▒+/g,
      (cells) => paint(partOf(cells), cells),
    );
    const said = columns(remarksOf(span, options), inner - names - barWidth).trimEnd();
    const end = hasFailed(span) ? paint('failed', said) : said;
    lines.push(
      `${columns(serviceText(row), services)} ${columns(nameText(row), names)} ${bar} ${end}`,
    );
    for (const note of notes.get(span.spanId) ?? []) lines.push(`${indent}  ◄ ${noteText(note)}`);
  }
  flush();
  return lines.join('\n');
}

function firstNotes(
  notes: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const kept = new Map<string, readonly string[]>();
  let left = mostNotes;
  for (const [spanId, lines] of notes) {
    if (left <= 0) break;
    kept.set(spanId, lines.slice(0, left));
    left -= lines.length;
  }
  return kept;
}

function withAncestors(trace: Trace, spanIds: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const spanId of spanIds) {
    for (let at = trace.get(spanId); at !== null && !found.has(at.span.spanId); at = at.parent) {
      found.add(at.span.spanId);
    }
  }
  return found;
}

function heading(trace: Trace): [string, ...string[]] {
  const { spans, services, options, orphans, duplicates } = trace;
  const failed = spans.filter(hasFailed).length;
  const parts = [
    `trace ${trace.traceId}`,
    counted(spans.length, 'span'),
    counted(services.length, 'service'),
    msText(trace.durationNano),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(orphans.length > 0 ? [`${orphans.length} without their parent`] : []),
    ...(duplicates.length > 0 ? [`${duplicates.length} twice`] : []),
  ];
  return [parts.join(' · '), ...(options.link === undefined ? [] : [options.link])];
}

/** In order of the tree; of alike siblings one, which stands for them all. */
function rowsOf(trace: Trace, selection: Selection): Row[] {
  const orphans = new Set(trace.orphans);
  const rows: Row[] = [];
  const waiting: Row[] = [];
  const add = (nodes: readonly SpanNode[], depth: number) => {
    for (const [node, alike] of collapsed(nodes, selection).reverse()) {
      waiting.push({ node, depth, alike, isOrphan: orphans.has(node.span) });
    }
  };
  add(trace.roots, 0);
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    rows.push(row);
    add(row.node.children, row.depth + 1);
  }
  return rows;
}

/** Of siblings those that have a row, each with the number of those it stands for. */
function collapsed(
  nodes: readonly SpanNode[],
  { kept, weightOf }: Selection,
): (readonly [SpanNode, number])[] {
  const counts = new Map(nodes.map((node) => [node, 1]));
  const groups = Map.groupBy(nodes, ({ span }) =>
    JSON.stringify([serviceOf(span), span.name, span.kind, hasFailed(span)]),
  );
  for (const group of groups.values()) {
    const others = group.filter(({ span }) => !kept.has(span.spanId));
    if (group.length < fewestAlike || others.length === 0) continue;
    for (const node of others) counts.set(node, 0);
    const heaviest = others.reduce((best, node) => (weightOf(node) > weightOf(best) ? node : best));
    counts.set(heaviest, others.length);
  }
  return [...counts].filter(([, count]) => count > 0);
}

/** All but the weightiest rows that fit, with a line for each run that is left out. */
function hiddenOf(
  rows: readonly Row[],
  room: number,
  weightOf: (node: SpanNode) => number,
): ReadonlySet<Row> {
  const order = rows
    .map((row, i) => ({ i, row, weight: weightOf(row.node) }))
    .sort((a, b) => b.weight - a.weight);
  const hidden = new Set(rows);
  const isHidden = (i: number) => Number(hidden.has(rows[i] as Row));
  let lines = 1;
  for (const { i, row } of order) {
    const more = isHidden(i - 1) + isHidden(i + 1);
    if (lines + more > room) continue;
    hidden.delete(row);
    lines += more;
  }
  return hidden;
}

function serviceText({ node }: Row): string {
  return printable(serviceOf(node.span));
}

function nameText({ node, depth, alike, isOrphan }: Row): string {
  const times = alike > 1 ? `${alike}× ` : '';
  const gap = isOrphan ? '? ' : '';
  return `${' '.repeat(Math.min(depth, deepest))}${gap}${times}${printable(node.span.name)}`;
}

function noteText(note: string): string {
  const more = note.length > longestNote ? '…' : '';
  return `${printable(note.slice(0, longestNote))}${more}`;
}

function partOf(cells: string): WaterfallPart {
  return cells.includes('█') ? 'path' : cells.includes('▒') ? 'pause' : 'bar';
}

function remarksOf(span: Span, options: WaterfallOptions): string {
  const pauses = pauseRemarks(span);
  const type = span.attributes['error.type'];
  const failed = hasFailed(span)
    ? [`✗${typeof type === 'string' ? ` ${printable(type)}` : ''}`]
    : [];
  const others = options.remarksOf?.(span).map(printable) ?? [];
  return [msText(span.endUnixNano - span.startUnixNano), ...failed, ...pauses, ...others].join(' ');
}

/** Of several pauses their number and how long they were in all. */
function pauseRemarks(span: Span): string[] {
  const pauses = pausesOn(span);
  if (pauses.length > 1) return [`${pauses.length} pauses ${msText(lengthNano(union(pauses)))}`];
  return pauses.map(
    ({ kind, startUnixNano, endUnixNano }) =>
      `pause ${printable(kind)} ${msText(endUnixNano - startUnixNano)}`,
  );
}

function barOf(span: Span, from: bigint, to: bigint, width: number, onPath: boolean): string {
  const length = Math.max(1, Number(to - from));
  const column = (nano: bigint) => (Number(nano - from) / length) * width;
  const cells = new Array<string>(width).fill(' ');
  const paint = ({ startUnixNano, endUnixNano }: Interval, sign: string) => {
    const first = Math.min(width - 1, Math.floor(column(startUnixNano)));
    cells.fill(sign, first, Math.max(first + 1, Math.ceil(column(endUnixNano))));
  };
  paint(span, onPath ? '█' : '░');
  for (const pause of within(span, union(pausesOn(span)))) paint(pause, '▒');
  return cells.join('');
}

/** Such as `0.04 ms`, `12.3 ms`, `165 ms` or `2.50 s`. */
export function msText(nano: bigint): string {
  const ms = Number(nano) / 1e6;
  if (Math.abs(ms) >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(Math.abs(ms) >= 100 ? 0 : Math.abs(ms) >= 1 ? 1 : 2)} ms`;
}
