import type { SpanView, Trace } from '../trace.ts';
import { waterfall } from '../waterfall.ts';

/** What vitest calls a matcher with, as far as it is needed. */
export interface MatcherContext {
  readonly isNot?: boolean;
}

/** What vitest wants of a matcher. Both values are texts, so that any diff of texts shows them. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
  readonly expected: string;
  readonly actual: string;
}

export interface Verdict {
  /** `undetermined`: within the tolerance of the clocks. Neither the matcher nor its `.not` passes. */
  readonly pass: boolean | 'undetermined';
  /** What the matcher asks for, as in "must …". */
  readonly must: string;
  readonly expected: string;
  readonly actual: string;
  /** What to say of which spans, the nearest misses or what was found, by span id. */
  readonly notes?: ReadonlyMap<string, readonly string[]>;
}

const longestText = 600;

/** Turns a verdict into what vitest shows: the sentence, both values, and the trace with its marks. */
export function report(
  { isNot = false }: MatcherContext,
  trace: Trace,
  name: string,
  verdict: Verdict,
): MatcherResult {
  const { pass, must, notes } = verdict;
  const [expected, actual] = [verdict.expected, verdict.actual].map(short) as [string, string];
  const message = () => {
    const undetermined =
      pass === 'undetermined' ? ['Undetermined: the difference is within the tolerance.'] : [];
    return [
      `expect(trace)${isNot ? '.not' : ''}.${name}: it ${mustOf({ isNot })} ${short(must)}`,
      ...undetermined,
      `Expected: ${isNot ? 'not ' : ''}${expected}`,
      `Actual:   ${actual}`,
      '',
      waterfall(trace, { ...(notes && { notes }), maxLines: 38 }),
    ].join('\n');
  };
  // With `.not` vitest takes a pass for a failure.
  return { pass: pass === 'undetermined' ? isNot : pass, message, expected, actual };
}

export function mustOf({ isNot = false }: MatcherContext): string {
  return isNot ? 'must not' : 'must';
}

function short(text: string): string {
  const line = text.replaceAll('\n', ' ');
  return line.length > longestText ? `${line.slice(0, longestText)}…` : line;
}

/** The same note for each span. */
export function noteAll(views: readonly SpanView[], note: string): Map<string, string[]> {
  return new Map(views.map(({ span }) => [span.spanId, [note]]));
}
