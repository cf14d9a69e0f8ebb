import { expect, test } from 'vitest';
import { phaseLine } from '../../lab/experiment/phaseLine.ts';
import { scheduleWarnings } from '../../lab/experiment/warnings.ts';
import { progressOn } from '../../lab/progress.ts';
import type { LoadAccount, RunPhase } from '../../lab/run.ts';

function stream(isTTY: boolean, columns = 20) {
  const written: string[] = [];
  const sink = { isTTY, columns, write: (text: string) => written.push(text) };
  return { sink: sink as unknown as typeof process.stderr, text: () => written.join('') };
}

test('progress off a terminal is lines only', () => {
  const { sink, text } = stream(false);
  const progress = progressOn(sink);
  progress.say('one');
  progress.live('two');
  progress.say('three');
  expect(text()).toBe('one\nthree\n');
  expect(progress.isLive).toBe(false);
});

test('progress on a terminal redraws one line, cut to the width, and wipes it for a lasting one', () => {
  const { sink, text } = stream(true, 10);
  const progress = progressOn(sink);
  progress.live('0123456789abc');
  progress.live('two');
  progress.say('three');
  progress.say('four');
  expect(text()).toBe('012345678\r\x1b[Ktwo\r\x1b[Kthree\nfour\n');
});

const lateMs = { p50: 0.5, p99: 1, max: 2 };
const snapshot = {
  intended: 100,
  sent: 100,
  dropped: 0,
  succeeded: 100,
  failed: 0,
  timedOut: 0,
  lateMs,
  latencyMs: { p50: 8.04, p99: 101.6, max: 130 },
  errors: {},
};

test.each([
  { change: {}, pauses: null, want: '50 requests/s · P50 8.0 ms · P99 102 ms · max 130 ms' },
  { change: {}, pauses: 1, want: /max 130 ms · 1 pause$/ },
  { change: {}, pauses: 3, want: /max 130 ms · 3 pauses$/ },
  { change: { succeeded: 98, failed: 2 }, pauses: null, want: /max 130 ms · 2 failed$/ },
  {
    change: { succeeded: 90, failed: 10, dropped: 4 },
    pauses: null,
    want: /10 failed \(4 not sent\)$/,
  },
])('phaseLine() with $change and $pauses pauses is $want', ({ change, pauses, want }) => {
  expect(phaseLine({ ...snapshot, ...change }, 2000, pauses)).toEqual(
    typeof want === 'string' ? want : expect.stringMatching(want),
  );
});

function phase(load: Partial<LoadAccount>, name: RunPhase['name'] = 'baseline'): RunPhase {
  const account = { intended: 100, sent: 100, dropped: 0, lateMs, ...load };
  return { name, startUnixMs: 0, endUnixMs: 1000, load: account, services: {} };
}

test.each([
  { what: 'a schedule that was kept', phases: [phase({})], want: [] },
  {
    what: 'lateness',
    phases: [phase({ lateMs: { p50: 1, p99: 12.34, max: 50 } })],
    want: [/late in the baseline phase: P99 12\.3 ms .* the limit is 10 ms/],
  },
  {
    what: 'drops',
    phases: [phase({ sent: 93, dropped: 7 }, 'pauses')],
    want: [/7 of 100 requests of the pauses phase were not sent/],
  },
  { what: 'drops in the warm-up', phases: [phase({ dropped: 7 }, 'warmup')], want: [] },
])('scheduleWarnings() of $what', ({ phases, want }) => {
  expect(scheduleWarnings(phases)).toEqual(want.map((text) => expect.stringMatching(text)));
});
