import type { LoadAccount, PhaseName, Run, RunPhase } from '../run.ts';
import { loadWindow } from './effects.ts';
import type { Traces } from './records.ts';
import { type TimeoutAccount, timeoutAccount } from './timeouts.ts';

/** What else was going on, and what is missing: how far the figures can be trusted. */
export interface Trouble {
  readonly generator: readonly ({ readonly phase: PhaseName } & LoadAccount)[];
  /** By service, per phase: collections that V8 chose itself, and time ready but without a core. */
  readonly services: readonly {
    readonly service: string;
    readonly baseline: Disturbance | null;
    readonly pauses: Disturbance | null;
  }[];
  /** Intended requests of both measured phases whose root span is not among the spans. */
  readonly requestsWithoutTrace: number;
  /** Attempts that no server span answers to: refused, lost, or abandoned before the handler. */
  readonly attemptsWithoutHandler: number;
  readonly timeouts: TimeoutAccount;
  /** Pauses that struck while no measured load ran; they are in no table. */
  readonly pausesOutside: number;
}

export interface Disturbance {
  readonly naturalCollections: number;
  readonly naturalCollectionsMs: number;
  /** Share of the time in which the main thread was ready but had no core. */
  readonly withoutCoreShare: number | null;
}

export function trouble(run: Run, traces: Traces): Trouble {
  const measured = run.phases.filter(({ name }) => name !== 'warmup');
  const window = loadWindow(traces);
  const usage = (phase: PhaseName, service: string) =>
    disturbance(
      run.phases.find(({ name }) => name === phase),
      service,
    );
  const withTrace = traces.requests.filter(({ phase }) => phase !== 'warmup');
  const attempts = withTrace.flatMap(({ calls }) => calls).flatMap(({ attempts }) => attempts);
  const intended = measured.reduce((sum, { load }) => sum + load.intended, 0);
  return {
    generator: measured.map(({ name, load }) => ({ phase: name, ...load })),
    services: Object.keys(run.mesh.services).map((service) => ({
      service,
      baseline: usage('baseline', service),
      pauses: usage('pauses', service),
    })),
    requestsWithoutTrace: Math.max(0, intended - withTrace.length),
    attemptsWithoutHandler: attempts.filter(({ visit }) => visit.handlerMs === null).length,
    timeouts: timeoutAccount(attempts),
    pausesOutside: traces.pauses.filter(
      ({ startMs, endMs }) => !window || startMs > window.endMs || endMs < window.startMs,
    ).length,
  };
}

function disturbance(phase: RunPhase | undefined, service: string): Disturbance | null {
  const usage = phase?.services[service];
  if (!phase || !usage) return null;
  const { runDelayMs, lengthMs } = usage;
  return {
    naturalCollections: usage.naturalCollections.count,
    naturalCollectionsMs: usage.naturalCollections.durationMs,
    withoutCoreShare: runDelayMs === null || lengthMs <= 0 ? null : runDelayMs / lengthMs,
  };
}
