import { expect, test } from 'vitest';
import { diffTraces } from '../../traces/diff/diffTraces.ts';
import type { Span } from '../../traces/span.ts';
import { Trace } from '../../traces/trace.ts';
import { waterfall } from '../../traces/waterfall.ts';
import { span } from './span.ts';

/** More than a call takes arguments, and far more than calls can be nested. */
const count = 150_000;

const shapes: Record<string, Span[]> = {
  'with all spans below one': Array.from({ length: count }, (_, i) =>
    span(`s${i}`, i === 0 ? '' : 's0', i, i === 0 ? count : i + 1),
  ),
  'with all spans in one chain': Array.from({ length: count }, (_, i) =>
    span(`s${i}`, i === 0 ? '' : `s${i - 1}`, i, 2 * count - i),
  ),
  'with no parent there': Array.from({ length: count }, (_, i) => span(`s${i}`, `p${i}`, i)),
};

test.each(Object.keys(shapes))(
  `a trace of ${count} spans %s is drawn and compared`,
  { timeout: 120_000 },
  (shape) => {
    const spans = shapes[shape] as Span[];
    const trace = new Trace(spans);
    const { durationNano } = trace;
    expect(trace.blame.reduce((sum, share) => sum + share.durationNano, 0n)).toBe(durationNano);
    expect(waterfall(trace).split('\n').length).toBeLessThanOrEqual(40);
    expect(diffTraces(trace, new Trace(spans)).alike).toBe(count);
  },
);
