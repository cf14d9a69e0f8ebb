import type { BlameCause } from '../blame.ts';
import { clockToleranceNano, type SpanView, type Trace } from '../trace.ts';
import type { SpanNode } from '../tree.ts';
import { align } from './align.ts';
import { type Change, changesOf } from './changes.ts';
import { hopKey } from './hop.ts';

/** By how much more a cause took on the critical path of the second trace. */
export interface CauseDelta {
  readonly service: string;
  readonly cause: BlameCause;
  readonly deltaNano: bigint;
}

/** A hop of both traces, or of one only: then with all that is below it. */
export interface HopDiff {
  readonly a: SpanView | null;
  readonly b: SpanView | null;
  readonly depth: number;
  /** `retry`, `repeated`: one alike is beside it; `new`, `missing`: none is. */
  readonly state: 'both' | 'new' | 'missing' | 'retry' | 'repeated';
  /** Spans that it stands for: more than 1 only where it is of one trace. */
  readonly spans: number;
  /** What it adds to the duration of its trace: its time on the critical path. */
  readonly pathNano: { readonly a: bigint; readonly b: bigint };
  readonly deltaNano: bigint;
  /** What the delta is made of, the largest first; they add up to it. */
  readonly causes: readonly CauseDelta[];
  /** From its start to its end; 0n where it is not. */
  readonly durationNano: { readonly a: bigint; readonly b: bigint };
  readonly changes: readonly Change[];
}

export interface TraceDiff {
  readonly a: Trace;
  readonly b: Trace;
  /** Of the roots' durations; the hops' deltas add up to it where all of both is compared. */
  readonly deltaNano: bigint;
  /** What one trace has further up than the other begins: left out of `hops`. */
  readonly outsideNano: { readonly a: bigint; readonly b: bigint };
  /** Those that differ by more than the tolerance, or otherwise; the largest delta first. */
  readonly hops: readonly HopDiff[];
  /** Pairs that do not differ. */
  readonly alike: number;
}

export interface DiffOptions {
  /** Times that are closer are the same. Default: 1 ms, the resolution of the clocks. */
  readonly toleranceNano?: bigint;
}

interface Share {
  nano: bigint;
  readonly causes: Map<string, { service: string; cause: BlameCause; nano: bigint }>;
}

/**
 * Aligns two traces and says, hop by hop, what makes the second slower or faster than the first.
 * A hop's time is what it adds to the root's duration, so that deltas add up.
 */
export function diffTraces(a: Trace, b: Trace, options: DiffOptions = {}): TraceDiff {
  const { toleranceNano = clockToleranceNano } = options;
  const [shareA, shareB] = [sharesBySpan(a), sharesBySpan(b)];
  const pairs = align(a.roots, b.roots);
  const paired = { a: 0n, b: 0n };
  const repeatedIds = new Set<string>();
  for (const trace of [a, b]) {
    for (const { attempts } of trace.retries) {
      for (const { spanId } of attempts) repeatedIds.add(`${trace === a ? 'a' : 'b'}${spanId}`);
    }
  }
  const siblings = new Set(
    pairs.flatMap(({ a, b }) => (a !== null && b !== null ? [siblingKey(a), siblingKey(b)] : [])),
  );
  const hops: HopDiff[] = [];
  let alike = 0;
  for (const pair of pairs) {
    const isBoth = pair.a !== null && pair.b !== null;
    const [partA, partB] = [shareOf(pair.a, shareA, !isBoth), shareOf(pair.b, shareB, !isBoth)];
    paired.a += partA.nano;
    paired.b += partB.nano;
    const only = pair.a ?? (pair.b as SpanNode);
    const isRetry = repeatedIds.has(`${pair.a === null ? 'b' : 'a'}${only.span.spanId}`);
    const viewA = pair.a === null ? null : a.get(pair.a.span.spanId);
    const viewB = pair.b === null ? null : b.get(pair.b.span.spanId);
    const hop: HopDiff = {
      a: viewA,
      b: viewB,
      depth: pair.depth,
      state: isBoth
        ? 'both'
        : siblings.has(siblingKey(only))
          ? isRetry
            ? 'retry'
            : 'repeated'
          : pair.a === null
            ? 'new'
            : 'missing',
      spans: isBoth ? 1 : sizeOf(only),
      pathNano: { a: partA.nano, b: partB.nano },
      deltaNano: partB.nano - partA.nano,
      causes: causeDeltas(partA, partB),
      durationNano: { a: viewA?.durationNano ?? 0n, b: viewB?.durationNano ?? 0n },
      changes: pair.a !== null && pair.b !== null ? changesOf(pair.a.span, pair.b.span) : [],
    };
    if (differs(hop, toleranceNano)) hops.push(hop);
    else alike++;
  }
  const size = ({ deltaNano }: HopDiff) => (deltaNano < 0n ? -deltaNano : deltaNano);
  const order = (x: HopDiff, y: HopDiff) => (size(x) > size(y) ? -1 : size(x) < size(y) ? 1 : 0);
  return {
    a,
    b,
    deltaNano: b.durationNano - a.durationNano,
    outsideNano: { a: a.durationNano - paired.a, b: b.durationNano - paired.b },
    hops: hops.sort(order),
    alike,
  };
}

/** What of the trace's duration was spent in each span, and by what. */
function sharesBySpan(trace: Trace): ReadonlyMap<string, Share> {
  const shares = new Map<string, Share>();
  for (const { span, service, cause, startUnixNano, endUnixNano } of trace.blameSections) {
    const nano = endUnixNano - startUnixNano;
    const share = shares.get(span.spanId) ?? { nano: 0n, causes: new Map() };
    add(share, service, cause, nano);
    shares.set(span.spanId, share);
  }
  return shares;
}

function add(share: Share, service: string, cause: BlameCause, nano: bigint): void {
  const key = `${cause} ${service}`;
  const known = share.causes.get(key);
  if (known) known.nano += nano;
  else share.causes.set(key, { service, cause, nano });
  share.nano += nano;
}

function shareOf(
  node: SpanNode | null,
  shares: ReadonlyMap<string, Share>,
  withDescendants: boolean,
): Share {
  const sum: Share = { nano: 0n, causes: new Map() };
  const waiting = node === null ? [] : [node];
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    for (const { service, cause, nano } of shares.get(each.span.spanId)?.causes.values() ?? []) {
      add(sum, service, cause, nano);
    }
    if (!withDescendants) break;
    // Not `push(...)`: siblings may be more than a call takes arguments.
    for (const child of each.children) waiting.push(child);
  }
  return sum;
}

function causeDeltas(a: Share, b: Share): CauseDelta[] {
  const deltas = [...new Set([...a.causes.keys(), ...b.causes.keys()])].map((key) => {
    const { service, cause } = (b.causes.get(key) ?? a.causes.get(key)) as {
      service: string;
      cause: BlameCause;
    };
    return {
      service,
      cause,
      deltaNano: (b.causes.get(key)?.nano ?? 0n) - (a.causes.get(key)?.nano ?? 0n),
    };
  });
  const size = ({ deltaNano }: CauseDelta) => Math.abs(Number(deltaNano));
  return deltas.filter(({ deltaNano }) => deltaNano !== 0n).sort((x, y) => size(y) - size(x));
}

function differs(hop: HopDiff, toleranceNano: bigint): boolean {
  const beyond = (nano: bigint) => nano >= toleranceNano || nano <= -toleranceNano;
  if (hop.state !== 'both' || hop.changes.length > 0 || beyond(hop.deltaNano)) return true;
  const isOffPath = hop.pathNano.a === 0n && hop.pathNano.b === 0n;
  return isOffPath && beyond((hop.b?.selfTimeNano ?? 0n) - (hop.a?.selfTimeNano ?? 0n));
}

/** Same for the siblings of one span that are alike. */
function siblingKey(node: SpanNode): string {
  const { span } = node;
  return JSON.stringify([span.traceId, span.parentSpanId, hopKey(node)]);
}

function sizeOf(top: SpanNode): number {
  let spans = 0;
  const waiting = [top];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    spans++;
    for (const child of node.children) waiting.push(child);
  }
  return spans;
}
