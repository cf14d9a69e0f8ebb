import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newTraceParent, settle } from 'aftershock/traces';
import { traceMatchers } from 'aftershock/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spans } from './tracing.ts';

expect.extend(traceMatchers);

let server: Server;
beforeAll(async () => {
  const { shop } = await import('./shop.js'); // after tracing.ts has begun
  server = shop.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

async function get(path: string) {
  const { port } = server.address() as AddressInfo;
  const traceparent = newTraceParent();
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { traceparent } });
  expect(response.status).toBe(200);
  return settle(spans, traceparent);
}

test('a basket takes one query', async () => {
  const trace = await get('/baskets/1');
  expect(trace).toHaveSpanTree({ kind: 'server', children: [{ name: 'SELECT prices' }] });
  expect(trace).toHaveNoRepeatedCalls();
});

test('a query for each thing is found', async () => {
  const trace = await get('/slow-baskets/1');
  expect(trace).toHaveSpan('SELECT prices');
  expect(trace).not.toHaveNoRepeatedCalls();
});
