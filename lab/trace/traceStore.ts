import type { Span } from '../../traces/span.ts';
import { Trace, type TraceOptions } from '../../traces/trace.ts';

/** How a test that is written for a trace reads it again. */
export type SourceCode =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'jaeger' | 'tempo'; readonly url: string };

/** What is read of a source: traces of requests, and the pauses that have a span of their own. */
export interface Holding {
  readonly traces: readonly Trace[];
  readonly pauses: readonly Span[];
  /** What could not be read or was left out, as sentences. */
  readonly warnings: readonly string[];
}

/** A source of traces that can also say what it holds. */
export interface TraceStore {
  /** Its path or address, for messages. */
  readonly name: string;
  readonly code: SourceCode;
  /**
   * The trace, or those whose ids begin so if `idPrefix` is not a whole id; with the pauses that
   * are known. None: there is no such trace, or not yet.
   * @throws {SourceError} if the source cannot be read.
   */
  find(idPrefix: string): Promise<Holding>;
  /**
   * Everything that it holds, as far as it goes.
   * @throws {SourceError} if the source cannot be read.
   */
  all(): Promise<Holding>;
}

/** A span that stands for a pause itself. */
export function isPauseSpan({ attributes, kind }: Span): boolean {
  return kind === 'internal' && typeof attributes['aftershock.pause.kind'] === 'string';
}

/** Spans by trace; those that are nothing but pauses are no traces of requests. */
export function holdingOf(
  spans: Iterable<Span>,
  optionsOf: (traceId: string) => TraceOptions = () => ({}),
  warnings: readonly string[] = [],
): Holding {
  const byTrace = new Map<string, Span[]>();
  const pauses: Span[] = [];
  for (const span of spans) {
    if (isPauseSpan(span)) pauses.push(span);
    const list = byTrace.get(span.traceId);
    if (list) list.push(span);
    else byTrace.set(span.traceId, [span]);
  }
  const traces = [...byTrace.values()]
    .filter((list) => !list.every(isPauseSpan))
    .map(
      (list) => new Trace(list, { ...remoteParent(list), ...optionsOf(list[0]?.traceId ?? '') }),
    );
  return { traces, pauses, warnings };
}

/**
 * A trace that was begun elsewhere: it has no root, and all that have no parent in it name the same
 * one, that of whoever sent the request.
 */
function remoteParent(spans: readonly Span[]): TraceOptions {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const above = new Set(spans.map(({ parentSpanId }) => parentSpanId).filter((id) => !ids.has(id)));
  const [only = ''] = above;
  return above.size === 1 && only !== '' ? { remoteParentId: only } : {};
}
