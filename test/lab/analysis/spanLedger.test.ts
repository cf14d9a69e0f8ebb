import { expect, test } from 'vitest';
import { spanLedger } from '../../../lab/analysis/spanLedger.ts';
import type { Run } from '../../../lab/run.ts';
import { syntheticRun } from '../syntheticRun.ts';

const { run } = syntheticRun({ baselineMs: 0, pausesMs: 0 });

test.each([
  { when: 'all arrived', ended: 10, dropped: 0, stored: 10, lost: 0, twice: 0 },
  { when: 'the service dropped some', ended: 10, dropped: 3, stored: 7, lost: 0, twice: 0 },
  { when: 'some went missing', ended: 10, dropped: 1, stored: 7, lost: 2, twice: 0 },
  { when: 'some came twice', ended: 10, dropped: 0, stored: 12, lost: 0, twice: 2 },
])('spanLedger() says lost $lost, twice $twice when $when', (row) => {
  const { ended, dropped, stored, lost, twice } = row;
  const one: Run = {
    ...run,
    spans: { user: { ended, dropped, exported: stored } },
    collector: { acceptedByService: { user: stored }, rejected: 0, evicted: 0 },
  };
  expect(spanLedger(one)).toEqual([{ service: 'user', ended, dropped, stored, lost, twice }]);
});

test('spanLedger() of a run outside counts as stored what could be read back', () => {
  const one: Run = {
    ...run,
    spans: { user: { ended: 10, dropped: 1, exported: 9 } },
    collector: null,
    outside: {
      collectorUrl: 'http://collector:4318',
      queryUrl: 'http://jaeger:16686',
      storedByService: { user: 6 },
    },
  };
  expect(spanLedger(one)).toMatchObject([{ ended: 10, dropped: 1, stored: 6, lost: 3, twice: 0 }]);
});

test.each([
  { when: 'a service ended without a last word', spans: { user: null }, collector: run.collector },
  {
    when: 'the collector could not be asked',
    spans: { user: { ended: 5, dropped: 0, exported: 5 } },
    collector: null,
  },
])('spanLedger() does not know what was lost when $when', ({ spans, collector }) => {
  expect(spanLedger({ ...run, spans, collector })).toMatchObject([{ lost: null, twice: null }]);
});
