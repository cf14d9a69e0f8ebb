/**
 * An Express service as its users have it, traced by OpenTelemetry's SDK and its instrumentations of
 * http and Express, as documented; forked. With `with` as its argument it has the library, too.
 * It answers each message with a {@link TracedExpressUsage}.
 */
import type { Server } from 'node:http';
import { createRequire, register } from 'node:module';
import type { AddressInfo } from 'node:net';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { pauses } from '../../pauses/index.ts';

export interface TracedExpressUsage {
  /** User and system time of the process since it started. */
  readonly cpuMs: number;
}

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
const exporter = new OTLPTraceExporter();
const sdk = new NodeSDK({
  serviceName: 'shop',
  instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()],
  logRecordProcessors: [],
  metricReaders: [],
  ...(process.argv[2] === 'with' ? pauses({ exporter }) : { traceExporter: exporter }),
});
sdk.start();
// A builtin is patched only once something has required it.
createRequire(import.meta.url)('node:http');

const { default: express } = await import('express');
const app = express();
app.get('/users/:id', (request, response) => {
  response.json({ id: request.params.id, name: `user ${request.params.id}` });
});
app.get('/work/:id', (request, response) => {
  const overMs = performance.now() + 1;
  while (performance.now() < overMs);
  response.json({ id: request.params.id });
});
const server: Server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000 } satisfies TracedExpressUsage);
});
process.once('disconnect', () => process.exit());
