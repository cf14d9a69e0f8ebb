import { Attribute } from '../../services/kit/attributes.ts';
import type { Span } from '../../traces/span.ts';
import type { RequestRecord, Traces } from '../analysis/records.ts';
import type { Run } from '../run.ts';
import { escapeHtml } from './escape.ts';
import { ms } from './format.ts';

/** A row of the waterfall. Times in milliseconds since the trace's first span began. */
interface Bar {
  readonly service: string;
  readonly name: string;
  /** What the span is, in a word or two. */
  readonly role: string;
  readonly kind: Span['kind'];
  readonly depth: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly failed: boolean;
  /** From the caller's sending to the handler's begin; null for what is no handler. */
  readonly unseenMs: number | null;
}

const mostRows = 60;

/** One request, span by span, with the pauses that struck meanwhile drawn across. */
export function waterfall(
  run: Run,
  { pauses: allPauses }: Traces,
  spans: Iterable<Span>,
  request: RequestRecord,
): string {
  const own: Span[] = [];
  for (const span of spans) if (span.traceId === request.traceId) own.push(span);
  const bars = barsOf(own);
  const lengthMs = Math.max(...bars.map(({ toMs }) => toMs), 0.001);
  const from = (run.phases[0]?.startUnixMs ?? Date.parse(run.startedAt)) + request.intendedMs;
  const pauses = allPauses
    .map((pause) => ({
      ...pause,
      fromMs: Math.max(0, pause.startMs - request.intendedMs),
      toMs: Math.min(lengthMs, pause.endMs - request.intendedMs),
    }))
    .filter(({ fromMs, toMs }) => toMs > 0 && fromMs < lengthMs);
  const share = (valueMs: number) => `${((valueMs / lengthMs) * 100).toFixed(2)}%`;
  const rows = bars.slice(0, mostRows).map((bar) => {
    const bands = pauses
      .filter(({ service }) => service === bar.service)
      .map(
        (pause) =>
          `<i class="band" style="left:${share(pause.fromMs)};width:${share(pause.toMs - pause.fromMs)}"></i>`,
      );
    const unseen =
      bar.unseenMs !== null && bar.unseenMs > lengthMs / 50
        ? `<i class="unseen" style="left:${share(bar.fromMs - bar.unseenMs)};width:${share(bar.unseenMs)}">` +
          `${bar.unseenMs > lengthMs / 4 ? `<b>waits ${ms(bar.unseenMs)} ms, in no span</b>` : ''}</i>`
        : '';
    const length = `${ms(bar.toMs - bar.fromMs)} ms`;
    const state = bar.failed ? ' failed' : '';
    // A label stands behind its bar, or before it where the bar ends near the edge.
    const behind = bar.toMs < 0.85 * lengthMs || bar.fromMs < 0.15 * lengthMs;
    const place =
      bar.toMs < 0.85 * lengthMs
        ? `left:calc(${share(bar.toMs)} + 6px)`
        : behind
          ? `left:calc(${share(bar.fromMs)} + 6px)`
          : `right:calc(${share(lengthMs - bar.fromMs)} + 6px)`;
    const within = bar.toMs >= 0.85 * lengthMs && behind ? ' within' : '';
    return (
      `<div class="row"><span class="what" style="--depth:${bar.depth}">` +
      `<b>${escapeHtml(bar.service)}</b> <em>${escapeHtml(bar.role)}</em></span><span class="track" ` +
      `title="${escapeHtml(`${bar.service}: ${bar.name}, ${length}`)}">${bands.join('')}${unseen}` +
      `<i class="bar ${bar.kind}${state}" style="left:${share(bar.fromMs)};` +
      `width:${share(bar.toMs - bar.fromMs)}"></i><s class="length${within}" style="${place}">${length}</s>` +
      '</span></div>'
    );
  });
  const told = pauses.map(
    ({ kind, service, measuredMs }) => `${kind} of ${ms(measuredMs)} ms in ${service}`,
  );
  const shown = bars.length > mostRows ? ` The first ${mostRows} of ${bars.length} spans.` : '';
  return (
    `<p class="hint">Trace ${request.traceId}, ${ms(request.latencyMs)} ms from the intended time ` +
    `${new Date(from).toISOString().slice(11, 23)} UTC. ` +
    `${told.length > 0 ? `Shaded: ${escapeHtml(told.join(', '))}.` : 'No pause struck it.'}${shown}</p>` +
    `<div class="waterfall">${rows.join('\n')}</div>`
  );
}

/**
 * The slowest request of the phase with pauses, and the slowest of those that mostly waited for a
 * handler to begin, which no span shows. Often they are the same one. null where there is none.
 */
export function slowestRequests({ requests }: Traces): {
  readonly any: RequestRecord | null;
  readonly waiting: RequestRecord | null;
} {
  const sorted = requests
    .filter(({ phase, dropped }) => phase === 'pauses' && !dropped)
    .toSorted((a, b) => b.latencyMs - a.latencyMs);
  const hasWaited = ({ calls, latencyMs }: RequestRecord) =>
    calls
      .flatMap(({ attempts }) => attempts)
      .some(({ visit }) => (visit.begunMs ?? 0) - visit.arrivedMs > latencyMs / 2);
  return { any: sorted[0] ?? null, waiting: sorted.find(hasWaited) ?? null };
}

/** Parents before children, siblings by start; spans whose parent is missing stand at the left. */
function barsOf(spans: readonly Span[]): Bar[] {
  const byParent = new Map<string, Span[]>();
  const known = new Set(spans.map(({ spanId }) => spanId));
  const ordered = spans.toSorted((a, b) => (a.startUnixNano < b.startUnixNano ? -1 : 1));
  const originNano = ordered[0]?.startUnixNano ?? 0n;
  for (const span of ordered) {
    const parent = known.has(span.parentSpanId) ? span.parentSpanId : '';
    byParent.set(parent, [...(byParent.get(parent) ?? []), span]);
  }
  const toMs = (nano: bigint) => Number(nano - originNano) / 1e6;
  const bars: Bar[] = [];
  const add = (span: Span, parent: Span | null, depth: number): void => {
    const { attributes, kind } = span;
    const service = String(span.resource.attributes['service.name']);
    const to = attributes[Attribute.callTo] ?? attributes['db.system.name'];
    const words = { server: 'handler', client: to ? `calls ${to}` : 'request' };
    const lateMs = Number(parent?.attributes[Attribute.loadLateMs] ?? 0);
    bars.push({
      service,
      name: span.name,
      role: kind === 'server' || kind === 'client' ? words[kind] : kind,
      kind,
      depth,
      fromMs: toMs(span.startUnixNano),
      toMs: toMs(span.endUnixNano),
      failed: span.status.code === 'error',
      unseenMs:
        kind === 'server' && parent
          ? Math.max(0, toMs(span.startUnixNano) - toMs(parent.startUnixNano) - lateMs)
          : null,
    });
    for (const child of byParent.get(span.spanId) ?? []) add(child, span, depth + 1);
  };
  for (const root of byParent.get('') ?? []) add(root, null, 0);
  return bars;
}
