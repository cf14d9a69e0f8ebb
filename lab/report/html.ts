import type { Span } from '../../traces/span.ts';
import type { Result } from '../analysis/analysis.ts';

/** `report.html`: one page that needs nothing else, neither files nor a network. */
export function renderHtml(_result: Result, _spans: Iterable<Span>): string {
  return '<!doctype html><title>Aftershock</title>';
}
