import { earlier, later } from '../interval.ts';
import { type SpanPattern, show } from '../pattern.ts';
import { msText } from '../waterfall.ts';
import { missNotes, nearestMisses } from './nearest.ts';
import { traceOf } from './subject.ts';
import { toleranceNano } from './tolerance.ts';
import { type MatcherContext, type MatcherResult, noteAll, report } from './verdict.ts';

export interface Tolerance {
  /** At least 1, the default: an overlap, or a gap, that is shorter is undetermined. */
  readonly toleranceMs?: number;
}

/** There is a moment at which all spans that fit one of the patterns run. */
export function toRunConcurrently(
  this: MatcherContext,
  received: unknown,
  patterns: readonly SpanPattern[],
  { toleranceMs = 1 }: Tolerance = {},
): MatcherResult {
  const trace = traceOf(received);
  const tolerance = toleranceNano(toleranceMs);
  const groups = patterns.map((pattern) => trace.filter(pattern));
  const missing = patterns[groups.findIndex((group) => group.length === 0)];
  const views = [...new Map(groups.flat().map((view) => [view.span.spanId, view])).values()];
  if (views.length < 2 && missing === undefined) {
    throw new RangeError(
      `toRunConcurrently needs at least two spans; ${views.length} fit ${show(patterns)}`,
    );
  }
  const name = 'toRunConcurrently';
  const must = `run at once: ${show(patterns)}`;
  const expected = `all overlap (± ${toleranceMs} ms)`;
  if (missing !== undefined) {
    const actual = `no span is ${show(missing)}`;
    const notes = missNotes(nearestMisses(trace, missing));
    return report(this, trace, name, { pass: false, must, expected, actual, notes });
  }
  const start = views.map(({ span }) => span.startUnixNano).reduce(later);
  const end = views.map(({ span }) => span.endUnixNano).reduce(earlier);
  const overlap = end - start;
  return report(this, trace, name, {
    pass: overlap >= tolerance ? true : overlap <= -tolerance ? false : 'undetermined',
    must,
    expected,
    actual:
      overlap < 0n
        ? `${msText(-overlap)} between the first end and the last start`
        : `an overlap of ${msText(overlap)}`,
    notes: noteAll(views, 'one of them'),
  });
}
