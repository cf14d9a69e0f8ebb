import { hasFailed } from './failure.ts';
import { lengthNano, union } from './interval.ts';
import { pausesOn } from './pauseEvidence.ts';
import { serviceOf } from './service.ts';
import type { Span } from './span.ts';
import { columns, printable, textWidth } from './textWidth.ts';
import type { Trace } from './trace.ts';
import type { SpanNode } from './tree.ts';

export interface WaterfallOptions {
  /** What to say of a span, on a line of its own each, by the span's id. Such spans are shown. */
  readonly notes?: ReadonlyMap<string, readonly string[]>;
  /** Lines at most, of at least 8. Default: 40. */
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

const fewestAlike = 4;
/** Weight of spans that stand for themselves, whatever they are like. */
const uncollapsed = 1e21;
const deepest = 12;
const mostNotes = 14;
const longestNote = 400;
const fewestCells = 12;
const fewestRemarks = 14;

/**
 * A trace as text, a line a span: service, name, when it ran, how long. `█` on the critical path,
 * `░` off it, `▒` a pause, `✗` failed, `?` its parent is missing. Siblings that are alike, from
 * four on, are one line; of what is still too much the most telling lines are shown.
 */
export function waterfall(trace: Trace, options: WaterfallOptions = {}): string {
  const { maxLines = 40, width = 110, paint = (_, text) => text } = options;
  const notes = firstNotes(options.notes ?? new Map());
  const head = heading(trace);
  if (trace.spans.length === 0)
    return head.map((line) => columns(line, width).trimEnd()).join('\n');
  const onPath = new Map<string, bigint>();
  for (const { span, startUnixNano, endUnixNano } of trace.criticalPath) {
    const nano = endUnixNano - startUnixNano;
    onPath.set(span.spanId, (onPath.get(span.spanId) ?? 0n) + nano);
  }
  const kept = withAncestors(trace, notes.keys());
  const weightOf = ({ span }: SpanNode, depth: number): number =>
    (notes.has(span.spanId) ? 2 * uncollapsed : kept.has(span.spanId) ? uncollapsed : 0) +
    (depth === 0 ? 1e17 : 0) +
    (hasFailed(span) ? 1e15 : 0) +
    Number(onPath.get(span.spanId) ?? 0n) * 1000 +
    Math.max(0, Number(span.endUnixNano - span.startUnixNano)) -
    depth;
  const rows = rowsOf(trace, weightOf);
  const noteLines = [...notes.values()].reduce((sum, list) => sum + list.length, 0);
  const room = Math.max(3, maxLines - head.length - 1 - noteLines);
  const shown = choose(rows, room, weightOf);

  let from = trace.spans[0]?.startUnixNano ?? 0n;
  let to = from;
  for (const { startUnixNano, endUnixNano } of trace.spans) {
    if (startUnixNano < from) from = startUnixNano;
    if (endUnixNano > to) to = endUnixNano;
  }
  const services = Math.min(
    16,
    Math.max(...[...shown].map((i) => textWidth(printable(serviceOf((rows[i] as Row).node.span))))),
  );
  const names = Math.min(
    36,
    Math.max(8, width - services - fewestCells - fewestRemarks - 3),
    Math.max(...[...shown].map((i) => textWidth(nameOf(rows[i] as Row)))),
  );
  const barWidth = Math.max(fewestCells, width - services - names - 4 - 30);
  const remarksWidth = width - services - names - barWidth - 3;
  const axis = `${columns('0', barWidth - textWidth(msText(to - from)))}${msText(to - from)}`;
  const lines = [
    ...head.map((line, i) => (i === 0 ? paint('head', line) : line)),
    paint('note', `${' '.repeat(services + 1 + names + 1)}${axis}`),
  ];
  let hidden = 0;
  const flush = () => {
    const more = `${' '.repeat(services + 1)}⋮ ${hidden} more line${hidden === 1 ? '' : 's'}`;
    if (hidden > 0) lines.push(paint('note', more));
    hidden = 0;
  };
  rows.forEach((row, i) => {
    if (!shown.has(i)) {
      hidden++;
      return;
    }
    flush();
    const { span } = row.node;
    const bar = barOf(span, from, to, barWidth, onPath.has(span.spanId));
    const service = columns(printable(serviceOf(span)), services);
    const remarks = columns(remarksOf(row, options), remarksWidth).trimEnd();
    const painted = bar.replace(/█+|░+|▒+/g, (cells) => paint(partOf(cells), cells));
    const end = hasFailed(span) ? paint('failed', remarks) : remarks;
    lines.push(`${service} ${columns(nameOf(row), names)} ${painted} ${end}`);
    for (const note of notes.get(span.spanId) ?? []) {
      const text = printable(note);
      lines.push(
        `${' '.repeat(services + 1)}  ◄ ${text.length > longestNote ? `${text.slice(0, longestNote)}…` : text}`,
      );
    }
  });
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

function heading(trace: Trace): string[] {
  const { spans, services, options, orphans, duplicates } = trace;
  if (spans.length === 0) return ['no spans'];
  const failed = spans.filter(hasFailed).length;
  const parts = [
    `trace ${trace.traceId}`,
    `${spans.length} span${spans.length === 1 ? '' : 's'}`,
    `${services.length} service${services.length === 1 ? '' : 's'}`,
    msText(trace.durationNano),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(orphans.length > 0 ? [`${orphans.length} without their parent`] : []),
    ...(duplicates.length > 0 ? [`${duplicates.length} twice`] : []),
  ];
  return [parts.join(' · '), ...(options.link === undefined ? [] : [options.link])];
}

/** In order of the tree; of alike siblings one, which stands for them all. */
function rowsOf(trace: Trace, weightOf: (node: SpanNode, depth: number) => number): Row[] {
  const remote = trace.options.remoteParentId;
  const rows: Row[] = [];
  const waiting: Row[] = collapsed(trace.roots, 0, remote, weightOf).reverse();
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    rows.push(row);
    const below = collapsed(row.node.children, row.depth + 1, remote, weightOf);
    // Not `push(...)`, here and below: siblings may be more than a call takes arguments.
    for (const each of below.reverse()) waiting.push(each);
  }
  return rows;
}

function collapsed(
  nodes: readonly SpanNode[],
  depth: number,
  remoteParentId: string | undefined,
  weightOf: (node: SpanNode, depth: number) => number,
): Row[] {
  const rowOf = (node: SpanNode, alike: number): Row => {
    const isOrphan = node.place === 'orphan' && node.span.parentSpanId !== remoteParentId;
    return { node, depth, alike, isOrphan };
  };
  if (nodes.length < fewestAlike) return nodes.map((node) => rowOf(node, 1));
  const groups = new Map<string, SpanNode[]>();
  for (const node of nodes) {
    const { span } = node;
    const key = JSON.stringify([serviceOf(span), span.name, span.kind, span.status.code]);
    const group = groups.get(key);
    if (group) group.push(node);
    else groups.set(key, [node]);
  }
  const rows: Row[] = [];
  for (const group of groups.values()) {
    if (group.length < fewestAlike) {
      rows.push(...group.map((node) => rowOf(node, 1)));
      continue;
    }
    const noted = group.filter((node) => weightOf(node, depth) > uncollapsed / 2);
    const others = group.filter((node) => weightOf(node, depth) <= uncollapsed / 2);
    for (const node of noted) rows.push(rowOf(node, 1));
    const heaviest = others.reduce<SpanNode | null>(
      (best, node) =>
        best === null || weightOf(node, depth) > weightOf(best, depth) ? node : best,
      null,
    );
    if (heaviest !== null) rows.push(rowOf(heaviest, others.length));
  }
  return rows.sort((a, b) => {
    const [x, y] = [a.node.span.startUnixNano, b.node.span.startUnixNano];
    return x < y ? -1 : x > y ? 1 : 0;
  });
}

/** Indexes of the rows to show: the weightiest that fit, with a line for each run that is left out. */
function choose(
  rows: readonly Row[],
  room: number,
  weightOf: (node: SpanNode, depth: number) => number,
): ReadonlySet<number> {
  if (rows.length <= room) return new Set(rows.keys());
  const weights = rows.map(({ node, depth }) => weightOf(node, depth));
  const order = [...rows.keys()].sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
  const shown = new Set<number>();
  const isHidden = (i: number) => i >= 0 && i < rows.length && !shown.has(i);
  let runs = 1;
  for (const i of order) {
    const change = Number(isHidden(i - 1)) + Number(isHidden(i + 1)) - 1;
    if (shown.size + 1 + runs + change > room) continue;
    shown.add(i);
    runs += change;
  }
  return shown;
}

function nameOf({ node, depth, alike, isOrphan }: Row): string {
  const times = alike > 1 ? `${alike}× ` : '';
  const gap = isOrphan ? '? ' : '';
  return `${' '.repeat(Math.min(depth, deepest))}${gap}${times}${printable(node.span.name)}`;
}

function partOf(cells: string): WaterfallPart {
  return cells.startsWith('█') ? 'path' : cells.startsWith('▒') ? 'pause' : 'bar';
}

function remarksOf({ node: { span } }: Row, options: WaterfallOptions): string {
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
  const column = (nano: bigint) => Math.min(width, (Number(nano - from) / length) * width);
  const cells: string[] = Array.from({ length: width }, () => ' ');
  const paint = (start: bigint, end: bigint, sign: string) => {
    const first = Math.min(width - 1, Math.max(0, Math.floor(column(start))));
    const last = Math.max(first + 1, Math.min(width, Math.ceil(column(end))));
    cells.fill(sign, first, last);
  };
  paint(span.startUnixNano, span.endUnixNano, onPath ? '█' : '░');
  for (const { startUnixNano, endUnixNano } of pausesOn(span)) {
    if (startUnixNano < endUnixNano) paint(startUnixNano, endUnixNano, '▒');
  }
  return cells.join('');
}

/** Such as `0.04 ms`, `12.3 ms`, `165 ms` or `2.50 s`. */
export function msText(nano: bigint): string {
  const ms = Number(nano) / 1e6;
  if (Math.abs(ms) >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(Math.abs(ms) >= 100 ? 0 : Math.abs(ms) >= 1 ? 1 : 2)} ms`;
}
