/**
 * Whether the variable of a signal, such as `OTEL_METRICS_EXPORTER`, asks for an export by OTLP.
 * Not set means no, other than OpenTelemetry says: a mesh on one machine has nobody to take it.
 * @throws {Error} for anything but `otlp` and `none`.
 */
export function exportsBy(variable: string, env: NodeJS.ProcessEnv): boolean {
  const value = env[variable]?.trim() || 'none';
  if (value === 'otlp') return true;
  if (value === 'none') return false;
  throw new Error(`${variable} must be otlp or none, got "${value}"`);
}
