import { expect, test } from 'vitest';
import { pausesOn } from '../../traces/pauseEvidence.ts';
import type { Attributes } from '../../traces/span.ts';
import { msSpan } from './span.ts';

function pausesOf(attributes: Attributes, name = 'pause') {
  const timeUnixNano = 10_000_000n;
  const event = { name, timeUnixNano, attributes };
  return pausesOn(msSpan('a', '', 0, 50, { service: 'auth', events: [event] }));
}

test.each<{ when: string; overlap?: unknown; whole?: unknown; endMs: number; wholeMs?: number }>([
  { when: 'overlap and duration are said', overlap: 5, whole: 90, endMs: 15, wholeMs: 90 },
  { when: 'the overlap reaches beyond the span', overlap: 70, endMs: 80 },
  { when: 'only the duration is said', whole: 20, endMs: 30, wholeMs: 20 },
  { when: 'the duration reaches beyond the span', whole: 90, endMs: 50, wholeMs: 90 },
  { when: 'no length is said', endMs: 10 },
  { when: 'the length is a text', overlap: '5', whole: '90', endMs: 10 },
  { when: 'the length is negative', overlap: -5, endMs: 10 },
])('pausesOn() ends at $endMs ms when $when', ({ overlap, whole, endMs, wholeMs = null }) => {
  const found = pausesOf({
    'aftershock.pause.kind': 'gc',
    ...(overlap !== undefined && { 'aftershock.pause.overlap_ms': overlap as number }),
    ...(whole !== undefined && { 'aftershock.pause.duration_ms': whole as number }),
  });
  expect(found).toMatchObject([
    {
      ...{ kind: 'gc', service: 'auth', durationMs: wholeMs, startUnixNano: 10_000_000n },
      endUnixNano: BigInt(endMs) * 1_000_000n,
    },
  ]);
});

test('pausesOn() takes no other event for a pause', () => {
  expect(pausesOf({ 'aftershock.pause.kind': 'gc' }, 'exception')).toEqual([]);
  expect(pausesOf({})).toEqual([]);
  expect(pausesOf({ 'aftershock.pause.kind': 7 })).toEqual([]);
});
