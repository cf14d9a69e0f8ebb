/** Loaded by `--import`: OpenTelemetry's own instrumentations of http and Express, as documented. */
import { createRequire, register } from 'node:module';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
const sdk = new NodeSDK({
  traceExporter: new OTLPTraceExporter(),
  instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()],
  logRecordProcessors: [],
  metricReaders: [],
});
sdk.start();
// A builtin is patched only once something has required it.
createRequire(import.meta.url)('node:http');
process.once('SIGTERM', () => void sdk.shutdown());
