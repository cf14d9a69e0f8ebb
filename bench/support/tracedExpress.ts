/**
 * An Express service as its users have it, traced by OpenTelemetry's SDK and its instrumentations of
 * http and Express, as documented; forked. Its arguments are the URL of a service that it may ask, and
 * `with` where it is to have the library, too. It answers each message with a {@link TracedExpressUsage}.
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

const [otherUrl, variant] = process.argv.slice(2) as [string, string];
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
const exporter = new OTLPTraceExporter();
const sdk = new NodeSDK({
  serviceName: 'shop',
  instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()],
  logRecordProcessors: [],
  metricReaders: [],
  ...(variant === 'with' ? pauses({ exporter }) : { traceExporter: exporter }),
});
sdk.start();
// A builtin is patched only once something has required it.
createRequire(import.meta.url)('node:http');

const [{ default: express }, { default: axios }] = await Promise.all([
  import('express'),
  import('axios'),
]);
const app = express();
app.get('/users/:id', (request, response) => {
  response.json({ id: request.params.id, name: `user ${request.params.id}` });
});
app.get('/work/:id', (request, response) => {
  response.json({ id: request.params.id, name: compute() });
});
app.get('/orders/:id', async (request, response) => {
  const { data } = await axios.get<{ name: string }>(otherUrl);
  response.json({ id: request.params.id, name: data.name });
});
const server: Server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000 } satisfies TracedExpressUsage);
});
process.once('disconnect', () => process.exit());

/**
 * Takes about a millisecond: always the same, because work until a certain time costs less CPU the
 * more of that time the process has no core. A linear-feedback shift register (Marsaglia 2003).
 */
function compute(): number {
  let state = 1;
  for (let round = 0; round < 600_000; round++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
}
