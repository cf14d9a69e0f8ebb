import { createRequire } from 'node:module';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { InProcessExporter } from 'aftershock/traces';

/** Has every span of this process as soon as it has ended. */
export const spans = new InProcessExporter();

new NodeSDK({
  serviceName: 'shop',
  spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
  instrumentations: [new HttpInstrumentation()],
  metricReaders: [],
  logRecordProcessors: [],
}).start();
// A built-in module is patched only once something has required it.
createRequire(import.meta.url)('node:http');
