import { expect, test } from 'vitest';
import { readTelemetrySettings } from '../../services/kit/telemetryEnvironment.ts';

test('readTelemetrySettings() of nothing: traces only', () => {
  expect(readTelemetrySettings({})).toMatchObject({
    disabled: false,
    metrics: false,
    logs: false,
    metricIntervalMs: 60_000,
    ownSampler: false,
    warnings: [],
  });
});

test('readTelemetrySettings() takes what it is told', () => {
  expect(
    readTelemetrySettings({
      OTEL_SDK_DISABLED: 'TRUE',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_LOGS_EXPORTER: ' otlp ',
      OTEL_METRIC_EXPORT_INTERVAL: '5000',
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BLRP_SCHEDULE_DELAY: '20',
      OTEL_TRACES_SAMPLER: 'always_off',
      AFTERSHOCK_SAMPLING_RATIO: '0.05',
      AFTERSHOCK_ATTRIBUTION: 'on',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,team=a%20b',
    }),
  ).toMatchObject({
    disabled: true,
    metrics: true,
    logs: true,
    metricIntervalMs: 5000,
    spans: { maxQueueSize: 10, delayMs: undefined },
    logRecords: { delayMs: 20 },
    ownSampler: true,
    samplingRatio: 0.05,
    attribution: true,
    warnings: [],
  });
});

test.each([
  { name: 'OTEL_METRICS_EXPORTER', value: 'prometheus', valid: 'otlp or none' },
  { name: 'OTEL_LOGS_EXPORTER', value: 'console', valid: 'otlp or none' },
  { name: 'OTEL_TRACES_EXPORTER', value: 'none', valid: 'otlp' },
  { name: 'OTEL_SDK_DISABLED', value: 'yes', valid: 'true or false' },
  { name: 'OTEL_METRIC_EXPORT_INTERVAL', value: '1s', valid: 'an integer from 1' },
  { name: 'OTEL_BSP_MAX_QUEUE_SIZE', value: '-1', valid: 'an integer from 1' },
  { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'collector:4318', valid: 'an http or https URL' },
  { name: 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', value: 'x', valid: 'an http or https URL' },
  { name: 'OTEL_EXPORTER_OTLP_TIMEOUT', value: '10s', valid: 'an integer from 1' },
  { name: 'OTEL_EXPORTER_OTLP_COMPRESSION', value: 'zstd', valid: 'gzip or none' },
  { name: 'OTEL_TRACES_SAMPLER', value: 'half', valid: 'traceidratio' },
  { name: 'AFTERSHOCK_SAMPLING_RATIO', value: '5%', valid: 'a number from 0 to 1' },
  { name: 'AFTERSHOCK_SAMPLING_RATIO', value: '1.5', valid: 'a number from 0 to 1' },
])('readTelemetrySettings() refuses $name=$value', ({ name, value, valid }) => {
  expect(() => readTelemetrySettings({ [name]: value })).toThrow(
    new RegExp(`^${name} must be .*${valid}.*, got "${value}"`),
  );
});

test.each([
  { name: 'OTEL_EXPORTER_OTLP_PROTOCOL', value: 'grpc', says: /we send by HTTP/ },
  { name: 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', value: 'grpc', says: /we send by HTTP/ },
  { name: 'OTEL_PROPAGATORS', value: 'b3', says: /always tracecontext,baggage/ },
  { name: 'OTEL_RESOURCE_ATTRIBUTES', value: 'a=b,production', says: /"production" is no pair/ },
  { name: 'AFTERSHOCK_SAMPLING_RATIO', value: '.1', says: /only those made on demand/ },
])('readTelemetrySettings() warns of $name=$value', ({ name, value, says }) => {
  const { warnings } = readTelemetrySettings({ [name]: value });
  expect(warnings).toEqual([expect.stringMatching(says)]);
  expect(warnings[0]).toContain(name);
});
