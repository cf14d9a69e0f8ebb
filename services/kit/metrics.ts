import {
  type Attributes,
  diag,
  type MeterProvider as MeterProviderApi,
  ValueType,
} from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_SCHEME,
  METRIC_HTTP_CLIENT_REQUEST_DURATION,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions';
import { PausedAttribute } from '../../pauses/attribution/attributes.ts';
import { PauseAttribute } from '../../pauses/strategy.ts';
import { Metric } from './attributes.ts';
import { scope } from './scope.ts';
import { observeSpans } from './spanMetrics.ts';
import type { SpanFlow } from './spanQueue.ts';

/** Bounds in seconds that the semantic conventions advise for the duration of requests. */
const requestBoundsS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** Finer about what pauses are like, so that a change of their length shows. */
const pauseBoundsS = [
  0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.12, 0.14, 0.16, 0.2, 0.25, 0.35, 0.5, 0.75, 1, 2.5, 5, 10,
];

/** Pauses between two exports whose start is told: one every 625 ms, where an export is each 5 s. */
const pauseSlots = 8;

/** With what spans and log lines may take, less than the 10 s that a container has to end. */
const longestStopMs = 2000;

export interface ServedRequest {
  /** As the semantic conventions know it. */
  readonly method: string;
  /** Such as `/users/:id`; null where no route took the request. */
  readonly route: string | null;
  /** Null: the client had gone. */
  readonly status: number | null;
  readonly errorType: string | undefined;
  readonly protocolVersion: string;
}

/** What a service records beside its spans. Lengths of time are in milliseconds. */
export interface ServiceMetrics {
  served(request: ServedRequest, durationMs: number): void;
  /** For one address; called once an attempt. Status null: no answer came. */
  caller(
    address: string,
    port: number,
  ): (status: number | null, errorType: string | undefined, durationMs: number) => void;
  /** A request waited this long for its turn. */
  queued(waitedMs: number): void;
  paused(kind: string, durationMs: number, startUnixNano: bigint): void;
  /** A pause that nobody made on demand. */
  found(kind: string, durationMs: number): void;
  /** Further requests that a pause hit, or that waited in its backlog. */
  victims(kind: string, count: number, role?: 'hit' | 'queued'): void;
  /** Exports what there is, within a time limit. */
  stop(): Promise<void>;
}

export interface MetricsOptions {
  readonly resource: Resource;
  readonly spans: () => SpanFlow;
  readonly intervalMs: number;
  /** Time that one export may take. */
  readonly timeoutMs: number;
}

/**
 * Starts to record and to export by OTLP. Names, units and buckets are those of the semantic
 * conventions where there are any. A meter provider of our own, unknown to the tracing SDK: that
 * counts spans by itself, but only those that it made.
 */
export function startMetrics(options: MetricsOptions): ServiceMetrics {
  const { resource, spans, intervalMs, timeoutMs } = options;
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ timeoutMillis: timeoutMs }),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const runtime = new RuntimeNodeInstrumentation();
  runtime.setMeterProvider(provider);
  observeSpans(provider.getMeter(scope.name, scope.version), spans);
  return { ...instruments(provider), stop };

  async function stop(): Promise<void> {
    // The last export asks the runtime for its metrics, too.
    await provider
      .shutdown({ timeoutMillis: Math.min(timeoutMs, longestStopMs) })
      .catch((error: Error) => diag.warn(`The last metrics were not exported: ${error.message}`));
    runtime.disable();
  }
}

function instruments(provider: MeterProviderApi): Omit<ServiceMetrics, 'stop'> {
  const meter = provider.getMeter(scope.name, scope.version);
  const seconds = (name: string, description: string, bounds: number[]) =>
    meter.createHistogram(name, {
      description,
      unit: 's',
      valueType: ValueType.DOUBLE,
      advice: { explicitBucketBoundaries: bounds },
    });
  const server = seconds(
    METRIC_HTTP_SERVER_REQUEST_DURATION,
    'Duration of HTTP server requests.',
    requestBoundsS,
  );
  const client = seconds(
    METRIC_HTTP_CLIENT_REQUEST_DURATION,
    'Duration of HTTP client requests, each attempt apart.',
    requestBoundsS,
  );
  const queue = seconds(
    Metric.queueDuration,
    'Time that a request waited for its turn where concurrency is limited.',
    [0.001, ...requestBoundsS],
  );
  const pause = seconds(Metric.pauseDuration, 'Measured length of pauses.', pauseBoundsS);
  const start = meter.createGauge(Metric.pauseStart, {
    description: 'When each of the last pauses began, since 1970.',
    unit: 's',
    valueType: ValueType.DOUBLE,
  });
  let pausesMade = 0;
  const victims = meter.createCounter(Metric.pauseVictims, {
    description:
      'Requests that were in the process, or had been sent to it, during a pause (hit), or waited in ' +
      'the backlog after it (queued).',
    unit: '{request}',
    valueType: ValueType.INT,
  });

  return {
    served({ method, route, status, errorType, protocolVersion }, durationMs) {
      const attributes: Attributes = {
        [ATTR_HTTP_REQUEST_METHOD]: method,
        [ATTR_URL_SCHEME]: 'http',
        [ATTR_NETWORK_PROTOCOL_VERSION]: protocolVersion,
      };
      if (route !== null) attributes[ATTR_HTTP_ROUTE] = route;
      if (status !== null) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = status;
      if (errorType !== undefined) attributes[ATTR_ERROR_TYPE] = errorType;
      server.record(durationMs / 1000, attributes);
    },
    caller(address, port) {
      const shared: Attributes = {
        [ATTR_HTTP_REQUEST_METHOD]: 'GET',
        [ATTR_SERVER_ADDRESS]: address,
        [ATTR_SERVER_PORT]: port,
      };
      return (status, errorType, durationMs) => {
        const attributes: Attributes = { ...shared };
        if (status !== null) {
          attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = status;
          attributes[ATTR_NETWORK_PROTOCOL_VERSION] = '1.1';
        }
        if (errorType !== undefined) attributes[ATTR_ERROR_TYPE] = errorType;
        client.record(durationMs / 1000, attributes);
      };
    },
    queued: (waitedMs) => queue.record(waitedMs / 1000),
    paused(kind, durationMs, startUnixNano) {
      const attributes = { [PauseAttribute.kind]: kind };
      pause.record(durationMs / 1000, attributes);
      const slot = pausesMade++ % pauseSlots;
      start.record(Number(startUnixNano) / 1e9, { ...attributes, [Metric.pauseSlot]: slot });
    },
    found: (kind, durationMs) => pause.record(durationMs / 1000, { [PauseAttribute.kind]: kind }),
    victims: (kind, count, role = 'hit') =>
      victims.add(count, { [PauseAttribute.kind]: kind, [PausedAttribute.role]: role }),
  };
}
