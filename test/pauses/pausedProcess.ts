import {
  type Span as ApiSpan,
  type Context,
  createTraceState,
  type HrTime,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { BasicTracerProvider } from 'opentelemetry-sdk-trace-2';
import { PauseProcessor, type PauseProcessorOptions } from '../../pauses/attribution/processor.ts';
import type { EndedSpan, NextProcessor } from '../../pauses/attribution/span.ts';
import type {
  DetectedKind,
  DetectedPause,
  PauseDetector,
} from '../../pauses/detector/detectedPause.ts';
import { decodeOtlpJson } from '../../traces/otlp/decode.ts';
import type { Span } from '../../traces/span.ts';

/** Where 0 ms of the tests is. */
const originMs = 1_700_000_000_000;

export function nano(ms: number): bigint {
  return BigInt(originMs) * 1_000_000n + BigInt(Math.round(ms * 1e6));
}

export function hrTime(ms: number): HrTime {
  return [Number(nano(ms) / 1_000_000_000n), Number(nano(ms) % 1_000_000_000n)];
}

export function msOf(unixNano: bigint): number {
  return Number(unixNano - nano(0)) / 1e6;
}

const evidence = {
  loopStallMs: null,
  gcMs: 0,
  processCpuMs: null,
  mainThreadCpuMs: null,
  runDelayMs: null,
  throttledMs: null,
  heartbeatGapMs: null,
  processStopped: false,
};

/** A detector that sees what it is told. */
export class FakeDetector implements PauseDetector {
  marks = 0;
  requestsInFlight = 0;
  started = 0;
  stopped = 0;
  idleMs: number | null = null;
  /** Null: as long ago as it was idle. */
  absentMs: number | null = null;
  restedMs = 0;
  coreWaitMs = 0;
  /** How often it was asked for that. */
  coreWaitAsked = 0;
  settledMs = Number.NEGATIVE_INFINITY;
  #sequence = 0;
  readonly #listeners = new Set<(pause: DetectedPause) => void>();
  readonly #lookListeners = new Set<() => void>();

  async start(): Promise<void> {
    this.started++;
  }

  async stop(): Promise<void> {
    this.stopped++;
  }

  /** While it does not look by itself, whoever waits needs a timer of his own. */
  running = false;

  onLook(listener: () => void): () => void {
    this.#lookListeners.add(listener);
    return () => this.#lookListeners.delete(listener);
  }

  look(): void {
    for (const listener of this.#lookListeners) listener();
  }

  onPause(listener: (pause: DetectedPause) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  mark(): void {
    this.marks++;
  }

  inFlight(count: number): void {
    this.requestsInFlight = count;
  }

  recoveredUnixMicros(): number | null {
    return this.idleMs === null ? null : Number(nano(this.idleMs)) / 1000;
  }

  restedMicros(): number {
    return 1000 * this.restedMs;
  }

  lastAbsentUnixMicros(): number | null {
    return this.absentMs === null ? this.recoveredUnixMicros() : Number(nano(this.absentMs)) / 1000;
  }

  coreWaitMicros(): number {
    this.coreWaitAsked++;
    return 1000 * this.coreWaitMs;
  }

  settledUnixMicros(): number {
    return this.settledMs === Number.NEGATIVE_INFINITY ? 0 : Number(nano(this.settledMs)) / 1000;
  }

  /** Reports a pause, before which the loop had last rested at `recoveredMs`. */
  pause(kind: DetectedKind, startMs: number, endMs: number, recoveredMs = startMs): void {
    const pause = {
      sequence: ++this.#sequence,
      kind,
      startUnixNano: nano(startMs),
      endUnixNano: nano(endMs),
      recoveredUnixNano: nano(recoveredMs),
      evidence: { ...evidence, loopStallMs: endMs - startMs },
    };
    for (const listener of this.#listeners) listener(pause);
  }
}

export const sdks = ['SDK 3', 'SDK 2'] as const;
export type Sdk = (typeof sdks)[number];

/** Spans as they arrive at a backend. */
export function asStored(spans: readonly EndedSpan[]): Span[] {
  const body = JsonTraceSerializer.serializeRequest(spans as never[]) as Uint8Array;
  return [...decodeOtlpJson(JSON.parse(Buffer.from(body).toString())).spans];
}

/** Keeps what it is handed. */
export function into(out: EndedSpan[]): NextProcessor {
  return {
    onEnd: (span) => void out.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

export interface PausedProcess {
  readonly detector: FakeDetector;
  readonly processor: PauseProcessor;
  readonly tracer: Tracer;
  /** Handed on so far. */
  readonly out: EndedSpan[];
  /** Flushes; what has been handed on by then. */
  spans(): Promise<Span[]>;
}

/** A process whose spans go through the attribution. */
export function pausedProcess(
  sdk: Sdk = 'SDK 3',
  options: Partial<PauseProcessorOptions> = {},
  serviceName = 'callee',
): PausedProcess {
  const detector = new FakeDetector();
  const out: EndedSpan[] = [];
  const processor = new PauseProcessor({
    detector,
    next: into(out),
    ...options,
  });
  const resource = resourceFromAttributes({ 'service.name': serviceName });
  const provider =
    sdk === 'SDK 3'
      ? new TracerProvider({ resource, spanProcessors: [processor] })
      : new BasicTracerProvider({ resource: resource as never, spanProcessors: [processor] });
  return {
    detector,
    processor,
    tracer: provider.getTracer('test'),
    out,
    async spans() {
      await processor.forceFlush();
      return asStored(out);
    },
  };
}

/** What a callee gets of its caller's span. `stampMs`: when it was sent, as the sender says. */
export function received(caller: SpanContext, stampMs: number | null): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: caller.traceId,
    spanId: caller.spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    ...(stampMs !== null && {
      traceState: createTraceState(`aftershock=h:1;t:${Number(nano(stampMs) / 1000n)},vendor=x`),
    }),
  });
}

export interface Handled {
  readonly from: number;
  readonly to: number;
  /** When the loop was last idle, as seen when the handler began. */
  readonly idle: number | null;
}

/** One request: its handler begins and ends. */
export function handle(process: PausedProcess, { from, to, idle }: Handled, parent: Context): void {
  begin(process, { from, idle }, parent).end(hrTime(to));
}

export function begin(
  { detector, tracer }: PausedProcess,
  { from, idle }: Omit<Handled, 'to'>,
  parent: Context,
): ApiSpan {
  detector.idleMs = idle;
  return tracer.startSpan('GET', { kind: SpanKind.SERVER, startTime: hrTime(from) }, parent);
}
