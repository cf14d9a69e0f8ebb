import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RequestRecord, Visit } from '../../../lab/analysis/records.ts';
import { Arrivals, victimsOf } from '../../../lab/analysis/victims.ts';
import { fifoServer } from '../syntheticRun.ts';

type Times = readonly [arrivedMs: number, begunMs: number | null, leftMs: number];

function request(name: string, visits: readonly Times[], service = 'user'): RequestRecord {
  return {
    traceId: name,
    phase: 'pauses',
    intendedMs: visits[0]?.[0] ?? 0,
    latencyMs: 1,
    failed: false,
    dropped: false,
    calls: visits.map(([arrivedMs, begunMs, leftMs]) => {
      const visit: Visit = {
        service,
        arrivedMs,
        begunMs,
        leftMs,
        handlerMs: begunMs === null ? null : leftMs - begunMs,
        queueWaitMs: null,
      };
      const times = { startMs: arrivedMs, endMs: leftMs };
      const attempt = { ...times, failed: false, timedOut: false, timeoutVerdict: null, visit };
      return { service, ...times, failed: false, attempts: [attempt] };
    }),
  };
}

const names = (requests: ReadonlySet<RequestRecord>) =>
  [...requests].map(({ traceId }) => traceId).sort();

/** A pause from 100 to 200; a handler usually begins 1 ms after the sending. */
function victims(requests: readonly RequestRecord[], nextMs = Number.POSITIVE_INFINITY) {
  const arrivals = new Arrivals(requests, 'user');
  const found = victimsOf({ startMs: 100, endMs: 200 }, arrivals, 1, nextMs);
  return { ...found, hit: names(found.hit), queued: names(found.queued) };
}

test.each<{ when: string; visits: readonly Times[]; hit: boolean }>([
  { when: 'it had left before', visits: [[80, 81, 99.9]], hit: false },
  { when: 'it left as the pause began', visits: [[80, 81, 100]], hit: true },
  { when: 'it was there at the pause’s begin', visits: [[80, 81, 210]], hit: true },
  { when: 'it was there for all of it', visits: [[10, 11, 900]], hit: true },
  { when: 'it arrived within and began after', visits: [[150, 201, 205]], hit: true },
  { when: 'it arrived within and no handler ever ran', visits: [[150, null, 180]], hit: true },
  { when: 'it arrived as the pause ended', visits: [[200, 201, 205]], hit: true },
  { when: 'it arrived after', visits: [[200.1, 201, 205]], hit: false },
  {
    when: 'only its second attempt was there',
    visits: [
      [50, 51, 60],
      [120, 201, 203],
    ],
    hit: true,
  },
])('victimsOf() says hit = $hit when $when', ({ visits, hit }) => {
  expect(victims([request('it', visits)]).hit).toEqual(hit ? ['it'] : []);
});

test('victimsOf() leaves out requests at other services', () => {
  expect(victims([request('it', [[150, 201, 205]], 'auth')]).hit).toEqual([]);
});

test('victimsOf() follows the backlog from turn to turn, and no further', () => {
  const found = victims([
    request('hit', [[150, 210, 214]]),
    request('second', [[205, 214, 218]]),
    request('third', [[213, 218, 222]]),
    // Arrived before the cursor's last place, and had its turn at once.
    request('atOnce', [[217, 217.5, 221]]),
    request('after', [[219, 219.5, 223]]),
    // Slow for reasons of its own, long after the backlog had gone.
    request('muchLater', [[300, 350, 354]]),
  ]);
  expect(found.hit).toEqual(['hit']);
  expect(found.queued).toEqual(['atOnce', 'second', 'third']);
  expect(found.drainMs).toBe(18);
  expect(found.drainCut).toBe(false);
});

test('victimsOf() does not take the usual way to the handler for a backlog', () => {
  const found = victims([
    request('hit', [[150, 200.9, 205]]),
    request('next', [[200.5, 201.5, 205]]),
  ]);
  expect(found).toMatchObject({ hit: ['hit'], queued: [], drainMs: 0 });
});

test('victimsOf() stops the drain where the next pause begins', () => {
  const requests = [
    request('hit', [[150, 240, 244]]),
    request('queued', [[215, 244, 250]]),
    request('ofTheNext', [[230, 260, 265]]),
  ];
  const found = victims(requests, 220);
  expect(found).toMatchObject({ hit: ['hit'], queued: ['queued'], drainMs: 20, drainCut: true });
});

test('victimsOf() counts a request once, as hit, whose retry queues', () => {
  const found = victims([
    request('retried', [
      [150, 210, 212],
      [205, 214, 216],
    ]),
  ]);
  expect(found).toMatchObject({ hit: ['retried'], queued: [] });
});

test('victimsOf() finds whom a FIFO server made wait: 12 hit, 8 queued by 120 ms at ρ = 0.4', () => {
  const server = fifoServer([{ startMs: 100, endMs: 220 }], 4);
  const requests = Array.from({ length: 60 }, (_, i) => {
    const arrivedMs = 2 + 10 * i;
    const { beginMs, endMs } = server.serve(arrivedMs);
    return request(String(i), [[arrivedMs, beginMs, endMs]]);
  });
  const arrivals = new Arrivals(requests, 'user');
  const pause = { startMs: 100, endMs: 220 };
  const found = victimsOf(pause, arrivals, 0, Number.POSITIVE_INFINITY);
  expect([found.hit.size, found.queued.size]).toEqual([12, 8]);
  // The server is idle at 300; the last turn that was waited for came one service time before.
  expect(server.idleAfter(220)).toBe(300);
  expect(found.drainMs).toBe(76);
});

test('victimsOf() never counts a request as hit and as queued, and keeps the drain in bounds', () => {
  const visit = fc
    .tuple(fc.nat(400), fc.nat(60), fc.nat(60))
    .map(([arrived, wait, work]): Times => [arrived, arrived + wait, arrived + wait + work]);
  fc.assert(
    fc.property(
      fc.array(fc.array(visit, { minLength: 1, maxLength: 2 }), { maxLength: 40 }),
      fc.integer({ min: 200, max: 400 }),
      (visits, nextMs) => {
        const all = visits.map((own, i) => request(String(i), own));
        const { hit, queued, drainMs } = victims(all, nextMs);
        expect(hit.filter((name) => queued.includes(name))).toEqual([]);
        expect(drainMs).toBeGreaterThanOrEqual(0);
        expect(200 + drainMs).toBeLessThanOrEqual(Math.max(200, nextMs));
      },
    ),
    { numRuns: 200, seed: 2 },
  );
});
