import type { Trace } from './trace.ts';
import { waterfall } from './waterfall.ts';

/** Which rule of wholeness a trace does not meet, and how. */
export interface UnmetRule {
  readonly rule: 'structure' | 'count' | 'expectation' | 'quiet';
  /** One sentence. */
  readonly message: string;
  /** The spans that it is about. */
  readonly spanIds: readonly string[];
}

const longestMessage = 1200;

/** A trace did not become whole in time. It may have been whole later. */
export class TraceIncompleteError extends Error {
  override readonly name = 'TraceIncompleteError';
  /** What came. */
  declare readonly trace: Trace;
  declare readonly unmet: readonly UnmetRule[];

  constructor(trace: Trace, unmet: readonly UnmetRule[], waitedMs: number, cause?: unknown) {
    const notes = new Map<string, string[]>();
    for (const { message, spanIds } of unmet.slice(0, 5)) {
      for (const spanId of spanIds.slice(0, 3)) {
        notes.set(spanId, [...(notes.get(spanId) ?? []), message.split('\n')[0] as string]);
      }
    }
    const rules = unmet.slice(0, 5).map(({ rule, message }) => {
      const lines = message.split('\n').slice(0, 3).join('\n    ');
      return `  ${rule}: ${lines.slice(0, longestMessage)}`;
    });
    const more = unmet.length > 5 ? [`  and ${unmet.length - 5} more`] : [];
    super(
      [
        `The trace was not whole within ${Math.round(waitedMs)} ms:`,
        ...rules,
        ...more,
        'What came:',
        waterfall(trace, { notes, maxLines: 38 }),
      ].join('\n'),
      cause === undefined ? {} : { cause },
    );
    // Not enumerable: whoever prints the error would print every span after the message.
    Object.defineProperties(this, { trace: { value: trace }, unmet: { value: unmet } });
  }
}

/** The source of traces could not be read until the time was up: nothing is known of the trace. */
export class TraceUnavailableError extends Error {
  override readonly name = 'TraceUnavailableError';
}
