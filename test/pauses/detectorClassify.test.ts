import { expect, test } from 'vitest';
import { classify } from '../../pauses/detector/classify.ts';
import type { Evidence } from '../../pauses/detector/detectedPause.ts';

/** Of a pause of 100 ms of which nothing is known but that the loop stood and the heartbeat did not. */
const base: Evidence = {
  loopStallMs: 100,
  gcMs: 0,
  processCpuMs: 2,
  mainThreadCpuMs: 1,
  runDelayMs: 0,
  throttledMs: 0,
  heartbeatGapMs: 0,
  processStopped: false,
};

test.each<{ when: string; evidence: Partial<Evidence>; want: string }>([
  { when: 'V8 collected', evidence: { gcMs: 98, mainThreadCpuMs: 95 }, want: 'gc' },
  { when: 'helper threads collected', evidence: { gcMs: 98, processCpuMs: 150 }, want: 'gc' },
  { when: 'a collection waited for a core', evidence: { gcMs: 98, runDelayMs: 70 }, want: 'gc' },
  { when: 'a collection was part', evidence: { gcMs: 40, mainThreadCpuMs: 99 }, want: 'block' },
  {
    when: 'the process was stopped amid a collection',
    evidence: { gcMs: 98, mainThreadCpuMs: 8, heartbeatGapMs: 90, processStopped: true },
    want: 'freeze',
  },
  {
    when: 'helper threads collected, and the process seemed stopped',
    evidence: { gcMs: 99, mainThreadCpuMs: 3, processCpuMs: 104, processStopped: true },
    want: 'gc',
  },
  { when: 'code burned the core', evidence: { mainThreadCpuMs: 99 }, want: 'block' },
  { when: 'the thread waited', evidence: {}, want: 'block' },
  {
    when: 'code shared its core',
    evidence: { mainThreadCpuMs: 47, runDelayMs: 52 },
    want: 'block',
  },
  { when: 'no core was free', evidence: { mainThreadCpuMs: 9, runDelayMs: 90 }, want: 'starved' },
  {
    when: 'no core was free for either thread',
    evidence: { mainThreadCpuMs: 9, runDelayMs: 90, heartbeatGapMs: 80 },
    want: 'starved',
  },
  {
    when: 'it was stopped',
    evidence: { heartbeatGapMs: 95, processStopped: true },
    want: 'freeze',
  },
  {
    when: 'it was stopped in poll',
    evidence: { loopStallMs: 0, heartbeatGapMs: 95, processStopped: true },
    want: 'freeze',
  },
  {
    when: 'it was stopped while the second thread had nothing to do',
    evidence: { heartbeatGapMs: null, processStopped: true },
    want: 'freeze',
  },
  {
    when: 'it was stopped, and what came before counts as its CPU',
    evidence: { heartbeatGapMs: 95, mainThreadCpuMs: 30, processStopped: true },
    want: 'freeze',
  },
  {
    when: 'it was stopped only for a moment',
    evidence: { heartbeatGapMs: 10, processStopped: true },
    want: 'block',
  },
  {
    when: 'it was stopped for a part, and waited for a core for the rest',
    evidence: { heartbeatGapMs: 95, runDelayMs: 70, processStopped: true },
    want: 'starved',
  },
  {
    when: 'the second thread had no core',
    evidence: { heartbeatGapMs: 95 },
    want: 'block',
  },
  {
    when: 'the machine itself stood still',
    evidence: { loopStallMs: 0, heartbeatGapMs: 95 },
    want: 'unknown',
  },
  {
    when: 'both threads stood, where the kernel does not tell',
    evidence: { heartbeatGapMs: 95, processStopped: null },
    want: 'freeze',
  },
  {
    when: 'the quota was used up',
    evidence: { heartbeatGapMs: 95, throttledMs: 170 },
    want: 'throttled',
  },
  {
    when: 'the quota held back a loop that computed',
    evidence: { mainThreadCpuMs: 20, throttledMs: 80, heartbeatGapMs: 80, runDelayMs: 80 },
    want: 'throttled',
  },
  {
    when: 'both stood and the thread computed, where the kernel does not tell',
    evidence: { heartbeatGapMs: 60, mainThreadCpuMs: 60, processStopped: null },
    want: 'block',
  },
  { when: 'it waited in poll only', evidence: { loopStallMs: 0 }, want: 'unknown' },
  { when: 'there is no heartbeat', evidence: { heartbeatGapMs: null }, want: 'block' },
  {
    when: 'there is no heartbeat and no CPU, and the kernel does not tell',
    evidence: { heartbeatGapMs: null, processStopped: null },
    want: 'unknown',
  },
  {
    when: 'there is no heartbeat, but CPU, and the kernel does not tell',
    evidence: { heartbeatGapMs: null, mainThreadCpuMs: 95, processStopped: null },
    want: 'block',
  },
  {
    when: 'the platform tells of the process only',
    evidence: { mainThreadCpuMs: null, runDelayMs: null, throttledMs: null, processCpuMs: 96 },
    want: 'block',
  },
])('classify() says $want when $when', ({ evidence, want }) => {
  expect(classify({ ...base, ...evidence }, 100)).toBe(want);
});
