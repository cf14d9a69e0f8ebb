import { setTimeout as delay } from 'node:timers/promises';
import { SourceError } from './source/sourceError.ts';
import type { TraceSource } from './source/traceSource.ts';
import type { Span } from './span.ts';
import { Trace } from './trace.ts';
import {
  TraceIncompleteError,
  TraceUnavailableError,
  type UnmetRule,
} from './traceIncompleteError.ts';
import { parseTraceParent } from './traceparent.ts';
import { countFaults, hasInstrumentedPeer, structureFaults } from './wholeness.ts';

export interface SettleOptions {
  /** Throws, or gives false, as long as the trace is not what the test expects: matchers do. */
  readonly expect?: (trace: Trace) => unknown;
  /** Spans of each service that must be there at least; besides what the source can say. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Whether a client span's peer records spans. Default: of HTTP and RPC requests that got there. */
  readonly isInstrumented?: (clientSpan: Span) => boolean;
  /** Default: 10,000. */
  readonly timeoutMs?: number;
  /** No new span for so long, all other rules being met. Default: 200. */
  readonly quietMs?: number;
  /** Between two looks. Default: 50. */
  readonly pollMs?: number;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly signal?: AbortSignal;
}

/** What a source that has answered before may take beyond the time for the last look. */
const lastLookMs = 1000;

/**
 * Waits until the trace of `traceparent` is whole, and gives what lies below the parent that was
 * injected. Whole is what meets all of: every parent is there, and every server span of a client
 * span whose peer is instrumented; as many spans as services say they have ended; what the test
 * expects; and no new span since `quietMs`. What has come once stays.
 *
 * Give each test a trace of its own (`newTraceParent`), or parents that are spans of the trace: a span
 * whose parent is not there may be below any parent, so no test that shares its trace can settle.
 *
 * A leaf of which no other span tells can only be missed by count or expectation: a test that
 * something is *not* there needs one of them.
 *
 * @param traceparent the header that the test sent.
 * @throws {TraceIncompleteError} if it is not whole in time, with what came and the unmet rules.
 * @throws {TraceUnavailableError} if the source could not be read: that is no failed assertion.
 */
export async function settle(
  source: TraceSource,
  traceparent: string,
  options: SettleOptions = {},
): Promise<Trace> {
  const { timeoutMs = 10_000, quietMs = 200, pollMs = 50, signal } = options;
  const { now = () => performance.now(), sleep = (ms: number) => delay(ms) } = options;
  const { isInstrumented = hasInstrumentedPeer } = options;
  const { traceId, parentId } = parseTraceParent(traceparent);
  const toTrace = (spans: readonly Span[]) => {
    const link = source.linkTo?.(traceId);
    return new Trace(spans, { remoteParentId: parentId, ...(link !== undefined && { link }) });
  };

  const startMs = now();
  const deadline = new AbortController();
  const asked = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
  const union = new Map<string, Span>();
  let lastNewMs = startMs;
  let hasAnswered = false;
  /** Why the source could not be read when it was last asked and not cut off. */
  let reason: SourceError | null = null;
  for (;;) {
    signal?.throwIfAborted();
    let trouble: SourceError | null = null;
    let ended: Readonly<Record<string, number>> = {};
    try {
      const spans = await withTimeLeft(source.getTrace(traceId, asked));
      if (source.endedSpans) ended = await withTimeLeft(source.endedSpans(traceId, asked));
      hasAnswered = true;
      reason = null;
      for (const span of spans ?? []) {
        if (span.traceId !== traceId || union.has(keyOf(span))) continue;
        union.set(keyOf(span), span);
        lastNewMs = now();
      }
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      trouble = error;
      if (error !== deadline.signal.reason) reason = error;
    }
    const trace = toTrace(below([...union.values()], parentId));
    const unmet = [
      ...structureFaults(trace, isInstrumented),
      ...countFaults(trace.spans, options.counts ?? {}),
      // What services count is of the whole trace, whatever parent it came from.
      ...countFaults(toTrace([...union.values()]).spans, ended),
    ];
    let cause: unknown;
    if (unmet.length === 0 && options.expect) {
      try {
        if ((await options.expect(trace)) === false) throw new Error('`expect` gave false');
      } catch (error) {
        cause = error;
        const message = error instanceof Error ? error.message : String(error);
        unmet.push({ rule: 'expectation', message, spanIds: [] });
      }
    }
    const quietForMs = now() - lastNewMs;
    if (unmet.length === 0 && quietForMs < quietMs) {
      const message = `the last span came only ${Math.round(quietForMs)} ms ago, not ${quietMs}`;
      unmet.push({ rule: 'quiet', message, spanIds: [] } satisfies UnmetRule);
    }
    if (trouble === null && unmet.length === 0) return trace;
    const waitedMs = now() - startMs;
    // A timer may fire just before its time: what was cut off was the last look all the same.
    const isOver = waitedMs >= timeoutMs || deadline.signal.aborted;
    if (isOver || trouble?.trouble === 'malformed') {
      if (trouble !== null) {
        throw new TraceUnavailableError(
          `Nothing is known of trace ${traceId}: ${(reason ?? trouble).message} (tried for ` +
            `${Math.round(waitedMs)} ms)`,
          { cause: reason ?? trouble },
        );
      }
      throw new TraceIncompleteError(trace, unmet, waitedMs, cause);
    }
    await sleep(Math.min(pollMs, Math.max(1, timeoutMs - waitedMs)));
  }

  /** A source that does not answer in time is one that cannot be read. */
  async function withTimeLeft<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    // The last look begins as the time ends: cut off at once, it would say that nothing is known.
    const leftMs = Math.max(hasAnswered ? lastLookMs : 1, timeoutMs - (now() - startMs));
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const message = `the source gave no answer within ${Math.round(leftMs)} ms`;
        const tooLate = new SourceError('timeout', message);
        // Whatever is asked from now on fails for the same reason.
        deadline.abort(tooLate);
        reject(tooLate);
      }, leftMs);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Of several versions of a span the `Trace` keeps the fullest. */
function keyOf({ spanId, kind, endUnixNano, attributes }: Span): string {
  return `${spanId} ${kind} ${endUnixNano} ${Object.keys(attributes).length}`;
}

/**
 * What lies below the injected parent, and what may: spans whose parents are missing. Left out is
 * what is known to be below another span.
 */
function below(spans: readonly Span[], parentId: string): Span[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const verdicts = new Map([[parentId, true]]);
  return spans.filter((span) => {
    const trail = new Set<string>();
    let at: Span | undefined = span;
    while (at && at.parentSpanId !== '' && !verdicts.has(at.spanId) && !trail.has(at.spanId)) {
      trail.add(at.spanId);
      at = byId.get(at.parentSpanId);
    }
    // What a missing parent or a cycle leads to may be below it.
    const verdict = at === undefined || (verdicts.get(at.spanId) ?? at.parentSpanId !== '');
    for (const spanId of trail) verdicts.set(spanId, verdict);
    return verdict;
  });
}
