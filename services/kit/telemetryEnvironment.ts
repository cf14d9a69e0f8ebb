/** What the `OTEL_…` variables ask of us, beyond what the SDK reads of them by itself. */
export interface TelemetrySettings {
  /** `OTEL_SDK_DISABLED=true`: nothing is recorded, no context is passed on. */
  readonly disabled: boolean;
  readonly metrics: boolean;
  readonly logs: boolean;
  /** Between two exports of metrics. */
  readonly metricIntervalMs: number;
  readonly spans: BatchSettings;
  readonly logRecords: BatchSettings;
  /** Whether the SDK's own tracer is to make all spans. */
  readonly ownSampler: boolean;
  /** Share of the traces that are kept though nothing happened to them; undefined: all are. */
  readonly samplingRatio: number | undefined;
  /** Whether spans say which pause hit them. */
  readonly attribution: boolean;
  /** Whether the spans that end are counted by trace. */
  readonly endedSpans: boolean;
  /** What is set and will not be followed. */
  readonly warnings: readonly string[];
}

/** Undefined: the default of the queue. */
export interface BatchSettings {
  readonly maxQueueSize: number | undefined;
  readonly maxBatchSize: number | undefined;
  readonly delayMs: number | undefined;
  /** For one attempt. */
  readonly timeoutMs: number | undefined;
}

const signals = ['TRACES', 'METRICS', 'LOGS'] as const;
const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
];

/**
 * Reads and checks the variables. Metrics and logs are exported only where that is asked for, other
 * than OpenTelemetry says: a mesh on one machine has nobody to take them.
 * @throws {Error} naming the variable, its value and what would be valid.
 */
export function readTelemetrySettings(env: NodeJS.ProcessEnv): TelemetrySettings {
  const warnings: string[] = [];
  const read = (name: string) => env[name]?.trim() || undefined;

  function oneOf(name: string, valid: readonly string[], hint = ''): string | undefined {
    const value = read(name);
    if (value === undefined || valid.includes(value.toLowerCase())) return value?.toLowerCase();
    throw new Error(`${name} must be ${valid.join(' or ')}, got "${value}"${hint}`);
  }
  function count(name: string): number | undefined {
    const value = read(name);
    if (value === undefined) return undefined;
    if (/^[1-9]\d{0,9}$/.test(value)) return Number(value);
    throw new Error(`${name} must be an integer from 1 to 9999999999, got "${value}"`);
  }
  function share(name: string): number | undefined {
    const value = read(name);
    if (value === undefined) return undefined;
    if (/^(?:0|1|0?\.\d{1,15}|1\.0+)$/.test(value)) return Number(value);
    throw new Error(`${name} must be a number from 0 to 1, such as 0.05, got "${value}"`);
  }
  const batch = (prefix: string): BatchSettings => ({
    maxQueueSize: count(`${prefix}_MAX_QUEUE_SIZE`),
    maxBatchSize: count(`${prefix}_MAX_EXPORT_BATCH_SIZE`),
    delayMs: count(`${prefix}_SCHEDULE_DELAY`),
    timeoutMs: count(`${prefix}_EXPORT_TIMEOUT`),
  });

  for (const infix of ['', ...signals.map((signal) => `_${signal}`)]) {
    const variable = (name: string) => `OTEL_EXPORTER_OTLP${infix}_${name}`;
    checkUrl(variable('ENDPOINT'), read(variable('ENDPOINT')));
    oneOf(variable('COMPRESSION'), ['gzip', 'none']);
    count(variable('TIMEOUT'));
    const protocol = read(variable('PROTOCOL'));
    if (protocol !== undefined && !protocol.startsWith('http/')) {
      warnings.push(
        `${variable('PROTOCOL')}=${protocol} is not followed: we send by HTTP, spans as protobuf ` +
          'and the rest as JSON, which a collector takes at the same port, 4318 by default',
      );
    }
  }
  oneOf('OTEL_TRACES_EXPORTER', ['otlp'], '; OTEL_SDK_DISABLED=true turns tracing off');
  const attributes = read('OTEL_RESOURCE_ATTRIBUTES');
  const faulty = attributes?.split(',').find((pair) => !/^\s*[^=\s]+\s*=[^=]*$/.test(pair));
  if (faulty !== undefined) {
    warnings.push(
      `OTEL_RESOURCE_ATTRIBUTES is not followed: "${faulty}" is no pair such as ` +
        'deployment.environment.name=test',
    );
  }
  const propagators = read('OTEL_PROPAGATORS');
  if (propagators !== undefined && propagators !== 'tracecontext,baggage') {
    warnings.push(`OTEL_PROPAGATORS=${propagators} is not followed: always tracecontext,baggage`);
  }
  const samplingRatio = share('AFTERSHOCK_SAMPLING_RATIO');
  const attribution = oneOf('AFTERSHOCK_ATTRIBUTION', ['off', 'on']) === 'on';
  if (samplingRatio !== undefined && !attribution) {
    warnings.push(
      `AFTERSHOCK_SAMPLING_RATIO=${samplingRatio} without AFTERSHOCK_ATTRIBUTION=on: of pauses, ` +
        'only those made on demand are seen, and what they hit is kept',
    );
  }

  return {
    disabled: oneOf('OTEL_SDK_DISABLED', ['true', 'false']) === 'true',
    metrics: oneOf('OTEL_METRICS_EXPORTER', ['otlp', 'none']) === 'otlp',
    logs: oneOf('OTEL_LOGS_EXPORTER', ['otlp', 'none']) === 'otlp',
    metricIntervalMs: count('OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000,
    spans: batch('OTEL_BSP'),
    logRecords: batch('OTEL_BLRP'),
    ownSampler: oneOf('OTEL_TRACES_SAMPLER', samplers) !== undefined,
    samplingRatio,
    attribution,
    endedSpans: oneOf('AFTERSHOCK_ENDED_SPANS', ['off', 'on']) === 'on',
    warnings,
  };
}

function checkUrl(name: string, value: string | undefined): void {
  if (value === undefined || (URL.canParse(value) && /^https?:/i.test(value))) return;
  throw new Error(
    `${name} must be an http or https URL such as http://127.0.0.1:4318, got "${value}"`,
  );
}
