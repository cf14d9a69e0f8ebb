/** Variables of OpenTelemetry that say where telemetry goes and what is sent with it. */
const exportVariables = [
  'OTEL_EXPORTER_OTLP_CERTIFICATE',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TIMEOUT',
  'OTEL_LOGS_EXPORTER',
  'OTEL_METRICS_EXPORTER',
  'OTEL_METRIC_EXPORT_INTERVAL',
  'OTEL_RESOURCE_ATTRIBUTES',
] as const;

/**
 * What a process needs that exports to a collector outside: its address, and of this process's
 * environment what belongs to it. (The rest of `OTEL_…` is kept from processes that the lab starts.)
 */
export function exportEnvironment(otlpUrl: string, env: NodeJS.ProcessEnv): Record<string, string> {
  const passed: Record<string, string> = { OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl };
  for (const name of exportVariables) {
    const value = env[name];
    if (value !== undefined && value !== '') passed[name] = value;
  }
  return passed;
}
