import type { PathWithNodes } from './criticalPath.ts';
import { hasFailed, hasTimedOut } from './failure.ts';
import { earlier, firstEndingAfter, type Interval, later, union } from './interval.ts';
import { pausesOn } from './pauseEvidence.ts';
import type { Retries } from './retries.ts';
import { processOf, serviceOf } from './service.ts';
import type { Span } from './span.ts';
import type { SpanNode } from './tree.ts';

export const blameCauses = [
  'work',
  'pause',
  'queue',
  'network',
  'retry',
  'time-out',
  'unknown',
] as const;

export type BlameCause = (typeof blameCauses)[number];

/** A stretch of the critical path, and who is to blame for it. */
export interface BlameSection extends Interval {
  /** On the critical path at that time. */
  readonly span: Span;
  /** The service to blame: not always that of the span. */
  readonly service: string;
  readonly cause: BlameCause;
}

/** What blame is found from. */
export interface BlameInput {
  readonly spans: readonly Span[];
  readonly path: PathWithNodes;
  readonly retries: readonly Retries[];
  readonly node: (spanId: string) => SpanNode | undefined;
}

/** How much of a trace's duration a service is to blame for, by cause. */
export interface BlameShare {
  readonly service: string;
  readonly cause: BlameCause;
  /** Above 0n. */
  readonly durationNano: bigint;
}

/** What of a span's time is known to be what; looked at in this order, the first that fits counts. */
interface Evidence {
  readonly service: string;
  readonly cause: BlameCause;
  /** As `union` gives them. */
  readonly when: readonly Interval[];
}

/**
 * Every stretch of the critical path with its cause, each found from its own evidence:
 *
 * | cause | evidence |
 * |---|---|
 * | pause | an event `pause` on a span of the same process; for a client span, of the one it called |
 * | queue | a span `server.queue`; on a server span the beginning, for `aftershock.queue.wait_ms`; on a client span the end, for `aftershock.client.busy_ms`, as far as the callee had answered |
 * | time-out | a client span that failed with its time up, where its callee shows no reason |
 * | retry | a failed attempt that was made again, and the waiting between attempts |
 * | network | between the start of a client span and of its server span, and between their ends, as much as both directions show, because for what one shows more somebody may have waited; or else as much as `aftershock.server.transit_ms` and `aftershock.client.transit_ms` say, for which who got it was idle and did not have it |
 * | work | the self time of server, consumer and internal spans |
 * | unknown | what is left |
 *
 * Sections touch, are in order, and add up to the root's duration.
 */
export function blameSections(trace: BlameInput): BlameSection[] {
  const pauses = pausesByProcess(trace);
  const attempts = attemptsOf(trace);
  const known = new Map<SpanNode, readonly Evidence[]>();
  const sections: BlameSection[] = [];
  trace.path.sections.forEach(({ span, startUnixNano, endUnixNano }, i) => {
    const node = trace.path.nodes[i] as SpanNode;
    let evidence = known.get(node);
    if (evidence === undefined) {
      evidence = evidenceOf(node, pauses, attempts);
      // A span without children is on the path once.
      if (node.children.length > 0) known.set(node, evidence);
    }
    charge(span, startUnixNano, endUnixNano, evidence, 0, sections);
  });
  return sections;
}

/** Cuts a stretch where evidence from `level` on begins and ends, and adds its parts in order. */
function charge(
  span: Span,
  startUnixNano: bigint,
  endUnixNano: bigint,
  evidence: readonly Evidence[],
  level: number,
  sections: BlameSection[],
): void {
  const known = evidence[level];
  if (known === undefined) {
    sections.push({ startUnixNano, endUnixNano, span, service: serviceOf(span), cause: 'unknown' });
    return;
  }
  const { service, cause, when } = known;
  // Invariant: what lies before the cursor is charged.
  let cursor = startUnixNano;
  for (let i = firstEndingAfter(when, startUnixNano); i < when.length; i++) {
    const part = when[i] as Interval;
    if (part.startUnixNano >= endUnixNano) break;
    if (part.startUnixNano > cursor) {
      charge(span, cursor, part.startUnixNano, evidence, level + 1, sections);
      cursor = part.startUnixNano;
    }
    const end = earlier(part.endUnixNano, endUnixNano);
    sections.push({ startUnixNano: cursor, endUnixNano: end, span, service, cause });
    cursor = end;
  }
  if (cursor < endUnixNano) {
    charge(span, cursor, endUnixNano, evidence, level + 1, sections);
  }
}

/** By service and cause, the largest first; of equal ones, in the order of names. */
export function sharesOf(sections: readonly BlameSection[]): BlameShare[] {
  const shares: { service: string; cause: BlameCause; durationNano: bigint }[] = [];
  const byService = new Map<string, Partial<Record<BlameCause, (typeof shares)[number]>>>();
  for (const { service, cause, startUnixNano, endUnixNano } of sections) {
    let byCause = byService.get(service);
    if (byCause === undefined) {
      byCause = {};
      byService.set(service, byCause);
    }
    let share = byCause[cause];
    if (share === undefined) {
      share = { service, cause, durationNano: 0n };
      byCause[cause] = share;
      shares.push(share);
    }
    share.durationNano += endUnixNano - startUnixNano;
  }
  const nameOf = ({ cause, service }: BlameShare) => `${cause} ${service}`;
  return shares.sort(
    (a, b) =>
      Number(b.durationNano > a.durationNano) - Number(b.durationNano < a.durationNano) ||
      (nameOf(a) < nameOf(b) ? -1 : 1),
  );
}

type Pauses = ReadonlyMap<string, { readonly service: string; readonly when: readonly Interval[] }>;

interface Attempts {
  /** Ids of spans of attempts that failed and were made again, with all below them. */
  readonly again: ReadonlySet<string>;
  /** By the id of the parent: the time between attempts. */
  readonly between: ReadonlyMap<string, Interval[]>;
}

const noEvidence: Attempts = { again: new Set(), between: new Map() };

function pausesByProcess({ spans }: BlameInput): Pauses {
  const result = new Map<string, { service: string; when: Interval[] }>();
  for (const span of spans) {
    const pauses = pausesOn(span);
    if (pauses.length === 0) continue;
    const process = processOf(span);
    const known = result.get(process);
    if (known) known.when.push(...pauses);
    else result.set(process, { service: serviceOf(span), when: [...pauses] });
  }
  for (const known of result.values()) known.when = union(known.when);
  return result;
}

function attemptsOf({ retries, node: find }: BlameInput): Attempts {
  if (retries.length === 0) return noEvidence;
  const again = new Set<string>();
  const between = new Map<string, Interval[]>();
  for (const { parent, attempts } of retries) {
    const waits = between.get(parent.spanId) ?? [];
    between.set(parent.spanId, waits);
    attempts.forEach((span, i) => {
      const next = attempts[i + 1];
      if (next === undefined) return;
      if (hasFailed(span)) addAll(again, find(span.spanId) as SpanNode);
      waits.push({ startUnixNano: span.endUnixNano, endUnixNano: next.startUnixNano });
    });
  }
  return { again, between };
}

function evidenceOf(node: SpanNode, pauses: Pauses, attempts: Attempts): Evidence[] {
  const { span } = node;
  const service = serviceOf(span);
  const whole: readonly Interval[] = [span];
  const found: Evidence[] = [];
  const add = (cause: BlameCause, when: readonly Interval[], of = service) => {
    if (when.length > 0) found.push({ cause, when, service: of });
  };

  if (pauses.size > 0) {
    const own = processOf(span);
    const called = node.children.map((child) => processOf(child.span));
    for (const process of new Set(span.kind === 'client' ? [own, ...called] : [own])) {
      const pause = pauses.get(process);
      if (pause) add('pause', pause.when, pause.service);
    }
  }
  if (span.name === 'server.queue') add('queue', whole);
  if (span.kind === 'server') add('queue', turnWait(span));
  if (span.kind === 'client' && hasTimedOut(span)) add('time-out', whole);
  if (attempts !== noEvidence) {
    if (attempts.again.has(span.spanId)) add('retry', whole);
    add('retry', union(attempts.between.get(span.spanId) ?? []));
  }
  if (span.kind === 'client') {
    add('queue', unread(node));
    add('network', networkOf(node));
  }
  if (span.kind === 'server' || span.kind === 'consumer' || span.kind === 'internal') {
    add('work', whole);
  }
  return found;
}

/** Milliseconds that a request waited for its turn where a service limits how many it works on. */
function turnWait({ startUnixNano, attributes }: Span): Interval[] {
  const waitMs = attributes['aftershock.queue.wait_ms'];
  if (typeof waitMs !== 'number' || !(waitMs > 0)) return [];
  return [{ startUnixNano, endUnixNano: startUnixNano + BigInt(Math.round(waitMs * 1e6)) }];
}

/** Since when the answer lay at a caller that was busy, until it read it. */
function unread({ span, children }: SpanNode): Interval[] {
  const busyMs = span.attributes['aftershock.client.busy_ms'];
  if (typeof busyMs !== 'number' || !(busyMs > 0)) return [];
  const own = processOf(span);
  const answers = children
    .map((child) => child.span)
    .filter((child) => child.kind === 'server' && processOf(child) !== own);
  if (answers.length === 0) return [];
  const { endUnixNano } = span;
  const startUnixNano = answers.reduce(
    (latest, answer) => later(latest, answer.endUnixNano),
    later(span.startUnixNano, endUnixNano - BigInt(Math.round(busyMs * 1e6))),
  );
  return [{ startUnixNano, endUnixNano }];
}

function addAll(ids: Set<string>, top: SpanNode): void {
  const waiting = [top];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    ids.add(node.span.spanId);
    for (const child of node.children) waiting.push(child);
  }
}

/** Empty where the callee's spans do not lie within the client span: their clocks do not agree. */
function networkOf({ span, children }: SpanNode): Interval[] {
  const own = processOf(span);
  let from: bigint | null = null;
  let to = span.startUnixNano;
  let outNano = 0n;
  for (const { span: child } of children) {
    if (!isCallee(child) || processOf(child) === own) continue;
    from ??= child.startUnixNano; // children are in order of start
    to = later(to, child.endUnixNano);
    outNano = later(outNano, nanoOf(child.attributes['aftershock.server.transit_ms']));
  }
  if (from === null || from > to) return [];
  const backNano = nanoOf(span.attributes['aftershock.client.transit_ms']);
  const [outMost, backMost] = [from - span.startUnixNano, span.endUnixNano - to];
  const legNano = later(earlier(outMost, backMost), 0n);
  const out = earlier(later(legNano, outNano), outMost);
  const back = earlier(later(legNano, backNano), backMost);
  const network: Interval[] = [];
  if (out > 0n) network.push({ startUnixNano: from - out, endUnixNano: from });
  if (back > 0n) network.push({ startUnixNano: to, endUnixNano: to + back });
  return network;
}

/** Of milliseconds; 0n where there are none. */
function nanoOf(ms: unknown): bigint {
  return typeof ms === 'number' && ms > 0 && ms < Infinity ? BigInt(Math.round(ms * 1e6)) : 0n;
}

function isCallee({ kind, name }: Span): boolean {
  return kind === 'server' || name === 'server.queue';
}
