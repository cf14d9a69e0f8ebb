import { type Span as ApiSpan, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { type Claim, claimOf } from '../../bench/support/claimedVictims.ts';
import type { OutsideVisit } from '../../bench/support/outsideRecord.ts';
import { trueVictims, type Verdict } from '../../bench/support/trueVictims.ts';
import { median } from '../../lab/analysis/percentiles.ts';
import { randomStream } from '../../mesh/random.ts';
import type { Span } from '../../traces/span.ts';
import { begin, hrTime, pausedProcess, received } from '../pauses/pausedProcess.ts';
import { type SimulatedLoad, type SimulatedRequest, simulateLoop } from './simulatedLoop.ts';

const edgeMs = 2;
const seeds = Array.from({ length: 10 }, (_, i) => i + 1);

/** The tenth request calls by the id 10. */
function callId(index: number): string {
  return index.toString(16).padStart(16, '0');
}

/** What spans say of each request. */
async function claims({
  requests,
  pause,
}: ReturnType<typeof simulateLoop>): Promise<readonly Claim[]> {
  const process = pausedProcess();
  process.detector.settledMs = Number.MAX_SAFE_INTEGER / 1e6;
  const spans = new Map<SimulatedRequest, ApiSpan>();
  const steps = [
    {
      atMs: pause.endMs,
      take: () => process.detector.pause('block', pause.startMs, pause.endMs),
    },
    ...requests.flatMap((request, index) => [
      {
        atMs: request.begunMs,
        take: () => {
          const spanId = callId(index + 1);
          const caller = { traceId: spanId.repeat(2), spanId, traceFlags: 1 };
          const parent = received(caller, request.stampMs);
          spans.set(
            request,
            begin(process, { from: request.begunMs, idle: request.idleMs }, parent),
          );
        },
      },
      {
        atMs: request.onwardMs,
        take() {
          const options = { kind: SpanKind.CLIENT, startTime: hrTime(request.onwardMs) };
          const server = trace.setSpan(ROOT_CONTEXT, spans.get(request) as ApiSpan);
          process.tracer.startSpan('GET', options, server);
        },
      },
      { atMs: request.doneMs, take: () => spans.get(request)?.end(hrTime(request.doneMs)) },
    ]),
  ];
  for (const { take } of steps.toSorted((a, b) => a.atMs - b.atMs)) take();
  const stored = await process.spans();
  const pauseSpan = stored.find(({ name }) => name === 'pause block') as Span;
  const below = Map.groupBy(stored, ({ parentSpanId }) => parentSpanId);
  return requests.map((_, index) => claimOf(below.get(callId(index + 1)) ?? [], pauseSpan));
}

/** What is to be seen of each from outside. */
function verdicts({ requests, pause }: ReturnType<typeof simulateLoop>): readonly Verdict[] {
  const visits = requests.map(
    ({ stampMs, sentMs, onwardMs, returnedMs, answeredMs }, index): OutsideVisit => ({
      traceId: '',
      callId: callId(index + 1),
      isBaseline: false,
      callMs: stampMs,
      sentMs,
      endMs: answeredMs,
      answered: true,
      signMs: onwardMs,
      returnedMs,
    }),
  );
  const before = requests.filter(({ answeredMs }) => answeredMs < pause.startMs);
  const usual = {
    signMs: median(before.map(({ onwardMs, sentMs }) => onwardMs - sentMs)) ?? Number.NaN,
    restMs:
      median(before.map(({ answeredMs, returnedMs }) => answeredMs - returnedMs)) ?? Number.NaN,
  };
  const truth = trueVictims(pause, visits, usual, edgeMs);
  return visits.map((visit) => truth.verdicts.get(visit) as Verdict);
}

test.each<SimulatedLoad>([
  { ratePerSecond: 200, requestMs: 1.3, answerMs: 0.5, furtherMs: 0.5 },
  { ratePerSecond: 200, requestMs: 1.6, answerMs: 0.8, furtherMs: 0.7 },
  { ratePerSecond: 200, requestMs: 1, answerMs: 2, furtherMs: 0.5 },
])(
  'of $ratePerSecond requests a second, $requestMs + $answerMs ms each, spans and the wire tell the same that the loop itself knows',
  async (load) => {
    const wrong: object[] = [];
    let queued = 0;
    for (const seed of seeds) {
      const simulated = simulateLoop(load, randomStream(seed, 'loop'));
      const { startMs, endMs, idleMs } = simulated.pause;
      const [said, seen] = [await claims(simulated), verdicts(simulated)];
      for (const [index, { sentMs, doneMs }] of simulated.requests.entries()) {
        const isNear = [endMs, idleMs].some((ms) => Math.abs(sentMs - ms) <= edgeMs);
        if (isNear || Math.abs(doneMs - startMs) <= edgeMs) continue;
        const isOver = doneMs < startMs || sentMs > idleMs;
        const role = isOver ? 'none' : sentMs < endMs ? 'hit' : 'queued';
        if (role === 'queued') queued++;
        const verdict = seen[index] === 'untouched' ? 'none' : seen[index];
        if (said[index] === role && (verdict === role || verdict === 'edge')) continue;
        wrong.push({ seed, sentMs, endMs, idleMs, role, said: said[index], verdict });
      }
    }
    expect(wrong).toEqual([]);
    expect(queued).toBeGreaterThan(50);
  },
);
