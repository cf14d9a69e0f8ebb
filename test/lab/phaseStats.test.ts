import { expect, test } from 'vitest';
import { usageBetween } from '../../lab/experiment/phaseStats.ts';
import type { ServiceStats } from '../../services/kit/protocol.ts';

function stats(at: number, runDelayMs: number | null = at): ServiceStats {
  const collections = { count: at, durationMs: at * 10 };
  return {
    service: 'user',
    uptimeMs: at * 1000,
    requests: at * 100,
    cpuMs: at * 50,
    runDelayMs,
    rssBytes: 1,
    spans: { ended: 0, exported: 0, dropped: 0 },
    majorCollections: { natural: collections, forced: { count: 0, durationMs: 0 } },
    pauses: 0,
  };
}

test.each([
  {
    what: 'two snapshots',
    before: stats(1),
    after: stats(3),
    want: {
      lengthMs: 2000,
      requests: 200,
      cpuMs: 100,
      runDelayMs: 2,
      naturalCollections: { count: 2, durationMs: 20 },
      forcedCollections: { count: 0, durationMs: 0 },
    },
  },
  { what: 'no answer before', before: null, after: stats(3), want: null },
  { what: 'no answer after', before: stats(1), after: null, want: null },
])('usageBetween() of $what', ({ before, after, want }) => {
  expect(usageBetween({ user: before }, { user: after })).toEqual({ user: want });
});

test('usageBetween() has no run delay where the system does not tell it', () => {
  const usage = usageBetween({ user: stats(1, null) }, { user: stats(3, null) });
  expect(usage.user).toMatchObject({ requests: 200, runDelayMs: null });
});
