import { DiagLogLevel, diag, trace } from '@opentelemetry/api';
import {
  CompositePropagator,
  getBooleanFromEnv,
  getNumberFromEnv,
  getStringFromEnv,
  W3CBaggagePropagator,
} from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { exportsBy } from './exporterChoice.ts';
import { ExportQueue } from './exportQueue.ts';
import type { Logger } from './logger.ts';
import type { ServiceMetrics } from './metrics.ts';
import { HopPropagator } from './propagator.ts';
import type { SpanAccount } from './protocol.ts';
import { requestTracer, type SpanStarter } from './requestTracer.ts';
import { serviceResource } from './resource.ts';
import { scope } from './scope.ts';

/** The OpenTelemetry SDK of a process. */
export interface Telemetry {
  /** Whether the kit makes server and client spans; another may, such as an instrumentation. */
  readonly httpSpans: boolean;
  readonly tracer: SpanStarter;
  /** Null unless they are exported; loading what records them takes a moment. */
  readonly metrics: Promise<ServiceMetrics> | null;
  account(): SpanAccount;
  /** Flushes with a time limit. Afterwards `ended = exported + dropped`. Idempotent. */
  stop(): Promise<void>;
}

export const noTelemetry: Telemetry = {
  httpSpans: false,
  tracer: trace.getTracer(scope.name, scope.version),
  metrics: null,
  account: () => ({ ended: 0, exported: 0, dropped: 0 }),
  stop: async () => {},
};

/**
 * Starts the SDK as the `OTEL_…` variables say; call it before anything that makes spans starts.
 * With `OTEL_SDK_DISABLED=true` nothing is traced and no context is passed on.
 */
export function startTelemetry(
  serviceName: string,
  logger: Logger,
  resource = serviceResource(serviceName),
): Telemetry {
  if (getBooleanFromEnv('OTEL_SDK_DISABLED')) return noTelemetry;
  const withMetrics = exportsBy('OTEL_METRICS_EXPORTER', process.env);
  const rejected = listenToDiagnostics(logger);
  const timeoutMillis = getNumberFromEnv('OTEL_BSP_EXPORT_TIMEOUT') ?? 10_000;
  const stopTimeoutMs = Math.min(timeoutMillis, 3000);
  const queue = new ExportQueue({
    exporter: new OTLPTraceExporter({ timeoutMillis }),
    stopTimeoutMs,
    takeRejected: rejected.take,
    onLoss: (spans, reason) => logger.warn({ spans }, `Spans lost: ${reason}`),
    ...optional('maxQueueSize', getNumberFromEnv('OTEL_BSP_MAX_QUEUE_SIZE')),
    ...optional('maxBatchSize', getNumberFromEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE')),
    ...optional('delayMs', getNumberFromEnv('OTEL_BSP_SCHEDULE_DELAY')),
  });
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    textMapPropagator: new CompositePropagator({
      propagators: [new HopPropagator(), new W3CBaggagePropagator()],
    }),
    spanProcessors: [queue],
    // Traces only: without these the SDK would start exporters for logs and metrics too.
    logRecordProcessors: [],
    metricReaders: [],
  });
  sdk.start();
  // A sampler of one's own choice is the SDK's matter, and then so are the spans.
  const tracer = getStringFromEnv('OTEL_TRACES_SAMPLER')
    ? trace.getTracer(scope.name, scope.version)
    : requestTracer({ resource, scope, processor: queue });
  const metrics = withMetrics
    ? import('./metrics.ts').then(({ startMetrics }) =>
        startMetrics({
          resource,
          spans: () => queue.flow(),
          intervalMs: getNumberFromEnv('OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000,
          timeoutMs: stopTimeoutMs,
        }),
      )
    : null;
  return {
    httpSpans: true,
    tracer,
    metrics,
    account: () => queue.account(),
    async stop() {
      await sdk.shutdown();
      // After the spans, so that the last account of them goes out too.
      await (await metrics)?.stop();
    },
  };
}

/**
 * Sends the SDK's diagnostics to our log, and picks up how many spans the collector rejected: the
 * exporter tells a partial success nowhere but here, right before it reports the batch as exported.
 */
function listenToDiagnostics(logger: Logger): { take(): number } {
  let count = 0;
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
      error: log('error'),
      warn: (message, ...details) => {
        if (message.startsWith('Received Partial Success')) {
          const { rejectedSpans } = JSON.parse(String(details[0])) as { rejectedSpans?: unknown };
          const rejected = Number(rejectedSpans ?? 0);
          if (Number.isInteger(rejected) && rejected > 0) count += rejected;
        } else log('warn')(message, ...details);
      },
    },
    { logLevel: DiagLogLevel.INFO, suppressOverrideMessage: true },
  );
  return {
    take() {
      const taken = count;
      count = 0;
      return taken;
    },
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}
