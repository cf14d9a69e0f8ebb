/** Variables of OpenTelemetry that say how telemetry leaves a process, other than its address. */
const exportVariables = [
  'OTEL_EXPORTER_OTLP_CERTIFICATE',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TIMEOUT',
  'OTEL_LOGS_EXPORTER',
  'OTEL_METRICS_EXPORTER',
  'OTEL_METRIC_EXPORT_INTERVAL',
] as const;

/**
 * What a process needs that exports to a collector outside: its address, and what belongs to it of
 * this process's environment. (The rest of `OTEL_…` is kept from processes that the lab starts.)
 * @param instanceId `service.instance.id` of the process; by default it chooses one itself.
 */
export function exportEnvironment(
  otlpUrl: string,
  env: NodeJS.ProcessEnv,
  instanceId?: string,
): Record<string, string> {
  const passed: Record<string, string> = { OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl };
  for (const name of exportVariables) {
    const value = env[name];
    if (value) passed[name] = value;
  }
  const attributes = sharedAttributes(env.OTEL_RESOURCE_ATTRIBUTES ?? '');
  if (instanceId !== undefined) attributes.push(`service.instance.id=${instanceId}`);
  if (attributes.length > 0) passed.OTEL_RESOURCE_ATTRIBUTES = attributes.join(',');
  return passed;
}

/** `key=value` pairs without those that are this process's own name. */
function sharedAttributes(text: string): string[] {
  return text
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && !/^service\.(name|instance\.id)\s*=/.test(pair));
}
