import { show } from '../pattern.ts';
import type { Span } from '../span.ts';
import { SpanView, Trace } from '../trace.ts';

/**
 * What a matcher looks at: a `Trace`, or its spans as a source gives them.
 * @throws {TypeError} for anything else: nothing to look at is no answer, with `.not` neither.
 */
export function traceOf(received: unknown): Trace {
  if (received instanceof Trace) return received;
  if (received instanceof SpanView) return received.trace;
  if (Array.isArray(received) && received.every(isSpan)) return new Trace(received);
  throw unusable(received, 'a Trace, or the spans of one,');
}

/** A set of traces, or the spans of several as a source gives them. @throws {TypeError} */
export function tracesOf(received: unknown): readonly Trace[] {
  if (Array.isArray(received)) {
    if (received.every((each) => each instanceof Trace)) return received;
    if (received.every(isSpan)) {
      return [...Map.groupBy(received, ({ traceId }) => traceId).values()].map(
        (spans) => new Trace(spans),
      );
    }
  }
  throw unusable(received, 'an array of Traces');
}

/** A span in its trace; of a whole trace, its root. */
export function viewOf(received: unknown): SpanView {
  if (received instanceof SpanView) return received;
  const { root } = traceOf(received);
  if (root === null) throw new TypeError('The trace has no spans, so there is no root to look at');
  return root;
}

function isSpan(value: unknown): value is Span {
  return typeof value === 'object' && value !== null && 'spanId' in value && 'traceId' in value;
}

function unusable(received: unknown, what: string): TypeError {
  const shown =
    typeof received === 'object' && received !== null
      ? `an object of class ${received.constructor?.name ?? 'none'}`
      : show(received);
  return new TypeError(
    `A trace matcher needs ${what} in expect(…); it got ${shown}: settle() gives a Trace, ` +
      'trace.find(…) a span of it',
  );
}
