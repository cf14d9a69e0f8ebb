import { processOf } from './service.ts';
import type { Span } from './span.ts';
import type { SpanNode } from './tree.ts';

/** A span that began before its parent did, by more than clocks may differ: theirs do not agree. */
export interface ClockSkew {
  readonly span: Span;
  readonly parent: Span;
  /** By how much it began too early; above the tolerance. */
  readonly earlyNano: bigint;
  /** Both are of one process: its clock was set, or times were made up. */
  readonly sameProcess: boolean;
}

export function clockSkewBelow(
  { span: parent, children }: SpanNode,
  toleranceNano: bigint,
): ClockSkew[] {
  const found: ClockSkew[] = [];
  for (const { span } of children) {
    const earlyNano = parent.startUnixNano - span.startUnixNano;
    // Children are in order of their starts.
    if (earlyNano <= toleranceNano) break;
    found.push({ span, parent, earlyNano, sameProcess: processOf(span) === processOf(parent) });
  }
  return found;
}
