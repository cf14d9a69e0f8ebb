import { context, DiagLogLevel, diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator } from '@opentelemetry/core';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { PauseProcessor } from '../../pauses/attribution/processor.ts';
import type { PauseDetector } from '../../pauses/detector/detectedPause.ts';
import { pauseDetector } from '../../pauses/detector/detector.ts';
import { EndedSpans } from './endedSpans.ts';
import { LocalSampler } from './localSampler.ts';
import type { Logger } from './logger.ts';
import type { ServiceMetrics } from './metrics.ts';
import { otlpTransport } from './otlpTransport.ts';
import { HopPropagator } from './propagator.ts';
import type { SpanAccount } from './protocol.ts';
import { RequestTracer, type SpanStarter } from './requestTracer.ts';
import { serviceResource } from './resource.ts';
import { scope } from './scope.ts';
import { SpanQueue } from './spanQueue.ts';
import { serializeSpans } from './spanSerializer.ts';
import { readTelemetrySettings } from './telemetryEnvironment.ts';

/** The OpenTelemetry SDK of a process. */
export interface Telemetry {
  /** Whether the kit makes server and client spans; another may, such as an instrumentation. */
  readonly httpSpans: boolean;
  readonly tracer: SpanStarter;
  /** Null unless they are exported; loading what records them takes a moment. */
  readonly metrics: Promise<ServiceMetrics> | null;
  /** Null unless spans say which pause hit them. Whoever has started otherwise starts it. */
  readonly detector: PauseDetector | null;
  /** Where traces are sampled here, once it is known what befell them. */
  readonly sampler?: LocalSampler | null;
  /** Null unless the spans that end are counted by trace. */
  readonly endedSpans?: EndedSpans | null;
  account(): SpanAccount;
  /** Flushes with a time limit. Afterwards `ended = exported + dropped`. Idempotent. */
  stop(): Promise<void>;
}

export const noTelemetry: Telemetry = {
  httpSpans: false,
  tracer: trace.getTracer(scope.name, scope.version),
  metrics: null,
  detector: null,
  account: () => ({ ended: 0, exported: 0, dropped: 0 }),
  stop: async () => {},
};

/**
 * Starts the SDK as the `OTEL_…` variables say; call it before anything that makes spans starts.
 * With `OTEL_SDK_DISABLED=true` nothing is traced and no context is passed on.
 * @throws {Error} for a variable whose value is none.
 */
export function startTelemetry(
  serviceName: string,
  logger: Logger,
  resource = serviceResource(serviceName),
): Telemetry {
  const settings = readTelemetrySettings(process.env);
  if (settings.disabled) return noTelemetry;
  for (const warning of settings.warnings) logger.warn(warning);
  sendDiagnosticsTo(logger);
  const { timeoutMs, ...batches } = settings.spans;
  const stopTimeoutMs = Math.min(timeoutMs ?? Infinity, 3000);
  const transport = otlpTransport('TRACES', timeoutMs);
  const queue = new SpanQueue({
    serialize: serializeSpans,
    send: transport.send,
    stopTimeoutMs,
    onLoss: outside((spans, reason) => logger.warn({ spans }, `Spans lost: ${reason}`)),
    onAway: outside((reason) =>
      logger.warn(`Spans wait, the collector does not take them: ${reason}`),
    ),
    onBack: outside((awayMs) =>
      logger.info({ awayMs: Math.round(awayMs) }, 'The collector takes spans again'),
    ),
    ...batches,
  });
  const detector = settings.attribution ? pauseDetector() : null;
  let recorded: ServiceMetrics | null = null;
  const sampler =
    settings.samplingRatio === undefined
      ? null
      : new LocalSampler({
          next: queue,
          ratio: settings.samplingRatio,
          onSampledOut: (spans) => queue.addSampledOut(spans),
        });
  if (sampler !== null) detector?.onPause(() => sampler.keepOpen());
  const next = sampler ?? queue;
  const attributed: SpanProcessor =
    detector === null
      ? next
      : new PauseProcessor({
          detector,
          next,
          onAdded: () => queue.onStart(),
          onFound: ({ kind, startUnixNano, endUnixNano }) =>
            recorded?.found(kind, Number(endUnixNano - startUnixNano) / 1e6),
          onVictims: (kind, { hit, queued }) => {
            if (hit > 0) recorded?.victims(kind, hit, 'hit');
            if (queued > 0) recorded?.victims(kind, queued, 'queued');
          },
        });
  const endedSpans = settings.endedSpans ? new EndedSpans() : null;
  const processor = endedSpans?.before(attributed) ?? attributed;
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    textMapPropagator: new CompositePropagator({
      propagators: [new HopPropagator(), new W3CBaggagePropagator()],
    }),
    spanProcessors: [processor],
    // Traces only: without these the SDK would start exporters for logs and metrics too.
    logRecordProcessors: [],
    metricReaders: [],
  });
  sdk.start();
  // A sampler of one's own choice is the SDK's matter, and then so are the spans.
  const tracer = settings.ownSampler
    ? trace.getTracer(scope.name, scope.version)
    : new RequestTracer({ resource, scope, processor });
  const metrics = settings.metrics
    ? import('./metrics.ts').then(({ startMetrics }) =>
        startMetrics({
          resource,
          spans: () => queue.flow(),
          intervalMs: settings.metricIntervalMs,
          timeoutMs: stopTimeoutMs,
        }),
      )
    : null;
  metrics?.then(
    (started) => {
      recorded = started;
    },
    () => {}, // told to whoever awaits `metrics`
  );
  return {
    httpSpans: true,
    tracer,
    metrics,
    detector,
    sampler,
    endedSpans,
    account: () => queue.account(),
    async stop() {
      await sdk.shutdown();
      transport.close();
      // After the spans, so that the last account of them goes out too.
      await (await metrics)?.stop();
    },
  };
}

/** The same outside of any trace: what a queue has to say is no matter of the request it met. */
function outside<A extends unknown[]>(say: (...details: A) => void): (...details: A) => void {
  return (...details) => context.with(ROOT_CONTEXT, say, undefined, ...details);
}

/** The SDK's diagnostics go to our log. */
function sendDiagnosticsTo(logger: Logger): void {
  const log =
    (level: 'debug' | 'warn' | 'error') =>
    (message: string, ...details: unknown[]) => {
      logger[level]({ details }, `OpenTelemetry: ${message}`);
    };
  diag.setLogger(
    {
      verbose: () => {},
      debug: () => {},
      info: log('debug'),
      warn: log('warn'),
      error: log('error'),
    },
    { logLevel: DiagLogLevel.INFO, suppressOverrideMessage: true },
  );
}
