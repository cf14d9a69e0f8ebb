/** Sends its parent the spans, as OTLP JSON, of requests to a service with stock instrumentations. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';

const exporter = new InMemorySpanExporter();
const sdk = new NodeSDK({
  serviceName: 'api',
  spanProcessors: [new SimpleSpanProcessor({ exporter })],
  instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()],
  logRecordProcessors: [],
  metricReaders: [],
});
sdk.start();
// Only what is required after the start is patched.
const require = createRequire(import.meta.url);
const http = require('node:http') as typeof import('node:http');
const express = require('express') as typeof import('express');

const app = express();
app.get('/users/:id', (request, response) => {
  response.status(Number(request.params.id)).json({});
});
const server = app.listen(0);
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
for (const status of [200, 404, 500]) {
  const [response] = await once(http.get({ port, path: `/users/${status}?a=1` }), 'response');
  response.resume();
  await once(response, 'close');
}
server.close();
const bytes = JsonTraceSerializer.serializeRequest(exporter.getFinishedSpans());
process.send?.(JSON.parse(new TextDecoder().decode(bytes)), () => process.disconnect());
