import { type Difference, differences, type SpanPattern } from '../pattern.ts';
import type { SpanView, Trace } from '../trace.ts';

export interface Miss {
  readonly view: SpanView;
  readonly differences: readonly Difference[];
}

const shown = 3;

/** The spans that come nearest to a pattern which none fits: a wrong service or name counts most. */
export function nearestMisses(trace: Trace, pattern: SpanPattern): Miss[] {
  const cost = ({ differences }: Miss) =>
    differences.reduce((sum, { path }) => sum + (path === 'name' || path === 'service' ? 2 : 1), 0);
  const misses = trace.views
    .map((view) => ({ view, differences: differences(view.span, pattern) }))
    .filter((miss) => miss.differences.length > 0)
    .sort((a, b) => cost(a) - cost(b));
  const least = misses[0] === undefined ? 0 : cost(misses[0]);
  return misses.filter((miss) => cost(miss) === least).slice(0, shown);
}

export function missNotes(misses: readonly Miss[]): Map<string, string[]> {
  return new Map(
    misses.map(({ view, differences }) => [
      view.span.spanId,
      [`nearest: ${describeDifferences(differences)}`],
    ]),
  );
}

export function describeDifferences(differences: readonly Difference[]): string {
  return differences
    .map(({ path, expected, actual }) => `${path} must be ${expected}, is ${actual}`)
    .join('; ');
}
