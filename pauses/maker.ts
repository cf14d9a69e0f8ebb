import { type HrTime, type SpanContext, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import { type Clock, systemClock } from './clock.ts';
import { inPhase } from './phase.ts';
import {
  PauseAttribute,
  type PauseRecord,
  type PauseStrategy,
  type Phase,
  type Strike,
} from './strategy.ts';

/** One pause as asked for. */
export interface PauseRequest {
  readonly kind: string;
  readonly durationMs: number;
  readonly phase: Phase;
}

export interface PauseMakerOptions {
  /** Finds the strategy of a kind; called once a kind. */
  readonly load: (kind: string) => Promise<PauseStrategy>;
  readonly tracer?: Tracer;
  readonly clock?: Clock;
  /**
   * Called in the turn in which the thread goes on after a stop: whoever waited outside has not
   * been read yet. Not called for a kind that leaves the thread alone.
   */
  readonly onStopped?: (stop: ThreadStop) => void;
  /** Called for every pause, once it is measured, with the context of its span. */
  readonly onMade?: (record: PauseRecord, span: SpanContext) => void;
}

/** The thread stood still from start to end. */
export interface ThreadStop {
  readonly kind: string;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
}

/** Makes pauses one at a time, measures them and emits a span for each. */
export interface PauseMaker {
  /** Resolves once a pause of this kind and length costs nothing but itself. */
  prepare(kind: string, durationMs: number): Promise<void>;
  /**
   * Prepares where needed, then pauses. Pauses wait for each other.
   * @throws {DOMException} AbortError, if `signal` aborted, or `stop` was called, before the pause
   *   began; else whatever the strategy has to say.
   */
  make(request: PauseRequest, signal?: AbortSignal): Promise<PauseRecord>;
  /** To be called, and awaited if there is something to await, before each request's own work. */
  gate(): Promise<void> | undefined;
  /** Something is being prepared or made. */
  readonly busy: boolean;
  /** Pauses made so far. */
  readonly made: number;
  /** The newest records, at most {@link RECORDS_KEPT}, oldest first. */
  readonly records: readonly PauseRecord[];
  /** For good: gives up what waits, waits for the pause that runs, stops every strategy. Idempotent. */
  stop(): Promise<void>;
}

export const RECORDS_KEPT = 1000;

export function pauseMaker(options: PauseMakerOptions): PauseMaker {
  const tracer = options.tracer ?? trace.getTracer('aftershock/pauses');
  const clock = options.clock ?? systemClock;
  const strategies = new Map<string, Promise<PauseStrategy>>();
  const gates: (() => Promise<void> | undefined)[] = [];
  const records: PauseRecord[] = [];
  let made = 0;
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const stopping = new AbortController();

  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    waiting++;
    const result = turn.then(task).finally(() => waiting--);
    turn = result.catch(() => {});
    return result;
  }

  function strategyOf(kind: string): Promise<PauseStrategy> {
    const known = strategies.get(kind);
    if (known) return known;
    const loading = options.load(kind).then((strategy) => {
      if (strategy.gate) gates.push(strategy.gate.bind(strategy));
      return strategy;
    });
    strategies.set(kind, loading);
    loading.catch(() => strategies.delete(kind));
    return loading;
  }

  async function strikeOnce(
    strategy: PauseStrategy,
    { durationMs, phase }: PauseRequest,
    signal: AbortSignal,
  ): Promise<Strike> {
    let startNano = 0n;
    let endNano = 0n;
    const strike = await inPhase(phase, () => {
      signal.throwIfAborted();
      startNano = clock.monotonicNano();
      const result = strategy.strike(durationMs, signal);
      endNano = clock.monotonicNano();
      if (strategy.gate === undefined) {
        options.onStopped?.({
          kind: strategy.kind,
          startUnixNano: clock.unixNano(startNano),
          endUnixNano: clock.unixNano(endNano),
        });
      }
      return result;
    });
    return strike ?? { startNano, endNano };
  }

  return {
    prepare: (kind, durationMs) =>
      inTurn(async () => {
        stopping.signal.throwIfAborted();
        await (await strategyOf(kind)).prepare(durationMs, stopping.signal);
      }),

    make: (request, asker) =>
      inTurn(async () => {
        const signal = asker ? AbortSignal.any([asker, stopping.signal]) : stopping.signal;
        signal.throwIfAborted();
        const strategy = await strategyOf(request.kind);
        await strategy.prepare(request.durationMs, signal);
        const strike = await strikeOnce(strategy, request, signal);
        const startUnixNano = clock.unixNano(strike.startNano);
        const lengthNano = strike.endNano - strike.startNano;
        const record: PauseRecord = {
          sequence: ++made,
          kind: strategy.kind,
          phase: request.phase,
          requestedMs: request.durationMs,
          startUnixNano,
          endUnixNano: startUnixNano + lengthNano,
          measuredMs: Number(lengthNano) / 1e6,
          ...(strike.collectionMs !== undefined && { collectionMs: strike.collectionMs }),
        };
        records.push(record);
        if (records.length > RECORDS_KEPT) records.shift();
        const span = emitSpan(tracer, record);
        options.onMade?.(record, span);
        return record;
      }),

    gate() {
      for (const gate of gates) {
        const held = gate();
        if (held) return held;
      }
      return undefined;
    },
    get busy() {
      return waiting > 0;
    },
    get made() {
      return made;
    },
    records,
    stop() {
      stopping.abort();
      return inTurn(async () => {
        const loaded = await Promise.allSettled(strategies.values());
        strategies.clear();
        gates.length = 0;
        for (const result of loaded) {
          if (result.status === 'fulfilled') await result.value.stop();
        }
      });
    },
  };
}

/** Makes the pause a root span of its own. Times are `[seconds, nanoseconds]`, so that none are lost. */
function emitSpan(tracer: Tracer, record: PauseRecord): SpanContext {
  const span = tracer.startSpan(`pause ${record.kind}`, {
    root: true,
    kind: SpanKind.INTERNAL,
    startTime: toHrTime(record.startUnixNano),
    attributes: {
      [PauseAttribute.kind]: record.kind,
      [PauseAttribute.phase]: record.phase,
      [PauseAttribute.sequence]: record.sequence,
      [PauseAttribute.requestedMs]: record.requestedMs,
      [PauseAttribute.measuredMs]: record.measuredMs,
      ...(record.collectionMs !== undefined && {
        [PauseAttribute.collectionMs]: record.collectionMs,
      }),
    },
  });
  span.end(toHrTime(record.endUnixNano));
  return span.spanContext();
}

function toHrTime(unixNano: bigint): HrTime {
  return [Number(unixNano / 1_000_000_000n), Number(unixNano % 1_000_000_000n)];
}
