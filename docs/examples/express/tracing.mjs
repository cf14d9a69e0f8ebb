// Before: an Express service that is traced by OpenTelemetry's own instrumentations. Added: `pauses`.
import { createRequire, register } from 'node:module';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { pauses } from 'aftershock/pauses';

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
const sdk = new NodeSDK({
  serviceName: 'shop',
  instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()],
  ...pauses({ exporter: new OTLPTraceExporter() }),
});
sdk.start();
// A built-in module is patched only once something has required it.
createRequire(import.meta.url)('node:http');
process.once('SIGTERM', () => sdk.shutdown().finally(() => process.exit()));
