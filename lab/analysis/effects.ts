import {
  drainMs,
  expectedHit,
  expectedQueued,
  extraWaitMs,
  lostRequestMs,
  type PausedQueue,
} from '../model/pause.ts';
import type { Run } from '../run.ts';
import { median } from './percentiles.ts';
import type { PauseSpan, RequestRecord, ToldVictims, Traces } from './records.ts';
import type { ServiceLoad } from './serviceLoad.ts';
import { Arrivals, type Victims, victimsOf } from './victims.ts';

/** What one pause did, and what was to be expected of it. Times in milliseconds. */
export interface PauseEffect {
  readonly service: string;
  readonly kind: string;
  readonly phase: string;
  readonly sequence: number;
  /** Since the run's first phase began. */
  readonly startMs: number;
  readonly requestedMs: number | null;
  readonly measuredMs: number;
  readonly hit: number;
  readonly queued: number;
  /** The same by the word of the paused service; absent where it counts none. */
  readonly told?: ToldVictims;
  /** Victims, hit or queued, that are victims of another pause as well. */
  readonly shared: number;
  /** Victims that failed at the client. */
  readonly failed: number;
  readonly drainMs: number;
  /** The next pause came before the drain's end. */
  readonly drainCut: boolean;
  /** Largest latency at the client among victims of this pause alone; null if there are none. */
  readonly largestMs: number | null;
  /** Sum of (latency at the client − baseline's mean) over victims of this pause alone. */
  readonly lostRequestMs: number | null;
  /**
   * Median over victims of this pause alone of what they waited beyond D − (1 − ρ)t, t after the
   * pause began: the backlog comes as a burst, at this service and at those above.
   */
  readonly beyondMs: number | null;
  /**
   * null where the baseline could not tell λ, b or ρ, where ρ ≥ 1 so that no backlog ever drains,
   * and for `delay`, which stops nothing.
   */
  readonly expected: {
    readonly hit: number;
    readonly queued: number;
    readonly drainMs: number;
    readonly lostRequestMs: number;
    /** λDS: nobody should wait longer for the burst than all of it takes. */
    readonly beyondMs: number;
  } | null;
}

export interface PauseCase {
  readonly pause: PauseSpan;
  readonly victims: Victims;
  /** Victims of this pause and of no other. */
  readonly own: readonly RequestRecord[];
}

/** The control: the request sleeps, the thread stays free. */
export function isControl({ kind }: { readonly kind: string }): boolean {
  return kind === 'delay';
}

/** Pauses that struck while the load of the `pauses` phase ran, with their victims. */
export function pauseCases(
  run: Run,
  traces: Traces,
  loads: Readonly<Record<string, ServiceLoad>>,
): PauseCase[] {
  const window = loadWindow(traces);
  if (!window) return [];
  const inWindow = traces.pauses.filter(
    ({ startMs, endMs, service }) =>
      startMs <= window.endMs && endMs >= window.startMs && service in run.mesh.services,
  );
  const arrivals = new Map<string, Arrivals>();
  const found = inWindow.map((pause, index) => {
    let atService = arrivals.get(pause.service);
    if (!atService) {
      atService = new Arrivals(traces.requests, pause.service);
      arrivals.set(pause.service, atService);
    }
    const next = inWindow.slice(index + 1).find(({ service }) => service === pause.service);
    const usualMs = loads[pause.service]?.usualBeginMs ?? 0;
    const nextMs = next?.startMs ?? Number.POSITIVE_INFINITY;
    return { pause, victims: victimsOf(pause, atService, usualMs, nextMs) };
  });
  const touched = new Map<RequestRecord, number>();
  for (const { victims } of found) {
    for (const request of everyVictim(victims)) {
      touched.set(request, (touched.get(request) ?? 0) + 1);
    }
  }
  return found.map(({ pause, victims }) => {
    const own = everyVictim(victims).filter((request) => touched.get(request) === 1);
    return { pause, victims, own };
  });
}

/** First to last intended time of the phase with pauses; null if it had no request. */
export function loadWindow(traces: Traces): { startMs: number; endMs: number } | null {
  const during = traces.requests.filter(({ phase }) => phase === 'pauses');
  const first = during[0];
  const last = during.at(-1);
  return first && last ? { startMs: first.intendedMs, endMs: last.intendedMs } : null;
}

export function effectOf(
  { pause, victims, own }: PauseCase,
  load: ServiceLoad | undefined,
  baseline: { readonly meanMs: number | null; readonly medianMs: number | null },
): PauseEffect {
  const { service, kind, phase, sequence, startMs, requestedMs, measuredMs } = pause;
  const all = everyVictim(victims);
  const latenciesMs = own.map(({ latencyMs }) => latencyMs);
  return {
    service,
    kind,
    phase,
    sequence,
    ...(pause.told && { told: pause.told }),
    startMs,
    requestedMs,
    measuredMs,
    hit: victims.hit.size,
    queued: victims.queued.size,
    shared: all.length - own.length,
    failed: all.filter(({ failed }) => failed).length,
    drainMs: victims.drainMs,
    drainCut: victims.drainCut,
    largestMs: latenciesMs.length > 0 ? Math.max(...latenciesMs) : null,
    lostRequestMs:
      baseline.meanMs === null ? null : sum(latenciesMs) - baseline.meanMs * latenciesMs.length,
    beyondMs: beyondMs(pause, own, load, baseline.medianMs),
    expected: isControl(pause) ? null : expectedEffect(measuredMs, load),
  };
}

function expectedEffect(pauseMs: number, load: ServiceLoad | undefined): PauseEffect['expected'] {
  if (!load) return null;
  const { requestsPerSecond, timeInProcessMs, utilization, wayUtilization } = load;
  if (requestsPerSecond === null || timeInProcessMs === null) return null;
  if (utilization === null || utilization >= 1) return null;
  const queue: PausedQueue = { requestsPerSecond, pauseMs, timeInProcessMs, utilization };
  return {
    hit: expectedHit(queue),
    queued: expectedQueued(queue),
    drainMs: drainMs(queue),
    lostRequestMs: lostRequestMs(queue),
    beyondMs: pauseMs * (wayUtilization ?? utilization),
  };
}

function beyondMs(
  { service, startMs, measuredMs }: PauseSpan,
  own: readonly RequestRecord[],
  load: ServiceLoad | undefined,
  usualMs: number | null,
): number | null {
  const utilization = load?.utilization ?? null;
  if (utilization === null || usualMs === null) return null;
  return median(
    own.map(({ calls, latencyMs }) => {
      const arrivedMs = calls.find((call) => call.service === service)?.startMs ?? startMs;
      const sinceMs = Math.max(0, arrivedMs - startMs);
      return latencyMs - usualMs - extraWaitMs({ pauseMs: measuredMs, utilization }, sinceMs);
    }),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function everyVictim({ hit, queued }: Victims): RequestRecord[] {
  return [...hit, ...queued];
}
