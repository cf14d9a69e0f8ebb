import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { build } from 'esbuild';
import { afterEach, expect, test } from 'vitest';
import { decodeOtlpJson } from '../../traces/otlp/decode.ts';
import type { Span } from '../../traces/span.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A collector that keeps the spans. */
async function collector(): Promise<{ url: string; spans: Span[] }> {
  const spans: Span[] = [];
  const server = createServer(async (req, res) => {
    if (req.url?.endsWith('/traces')) spans.push(...decodeOtlpJson(await json(req)).spans);
    else req.resume();
    res.setHeader('content-type', 'application/json').end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans };
}

const callerId = 'b7ad6b7169203331';
/** Of the callers; null: it says nothing of its clock. */
const clocksAheadMs = [null, -5000, 5000] as const;

test('the example: a stock Express service that takes the library says whom its own code hit', async () => {
  const { url, spans } = await collector();
  const shop = spawn(
    process.execPath,
    [
      '--conditions=aftershock-source',
      '--import',
      './docs/examples/express/tracing.mjs',
      'docs/examples/express/app.mjs',
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        PORT: '0',
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
      },
    },
  );
  closers.push(() => shop.kill('SIGKILL'));
  const ended = once(shop, 'exit');
  const [shopUrl] = (await once(createInterface(shop.stdout), 'line')) as [string];
  const get = async (path: string, headers = {}) =>
    (await fetch(shopUrl + path, { headers })).text();
  for (let i = 0; i < 5; i++) await get('/');

  // Until the report is there, from three callers, of whom two have clocks that are 5 s off. Those
  // that come while the service computes for it take longest.
  let reported = false;
  const report = get('/report').finally(() => {
    reported = true;
  });
  let longestMs = 0;
  let victims: string[] = [];
  while (!reported) {
    const startMs = performance.now();
    const traceIds = clocksAheadMs.map(() => randomBytes(16).toString('hex'));
    const answers = clocksAheadMs.map((aheadMs, i) => {
      const sentUnixMicros = Math.round((Date.now() + (aheadMs ?? 0)) * 1000);
      return get('/', {
        traceparent: `00-${traceIds[i]}-${callerId}-01`,
        ...(aheadMs !== null && { tracestate: `aftershock=h:1;t:${sentUnixMicros}` }),
      });
    });
    await answers[0];
    const tookMs = performance.now() - startMs;
    if (tookMs > longestMs) [longestMs, victims] = [tookMs, traceIds];
    expect(await Promise.all(answers)).toEqual(['hello', 'hello', 'hello']);
  }
  expect(await report).toBe('done');
  shop.kill('SIGTERM');
  await ended;

  const own = spans.filter((span) => span.traceId === victims[0]);
  const queue = own.find(({ name }) => name === 'server.queue');
  const server = own.find(({ kind }) => kind === 'server');
  expect(queue?.parentSpanId).toBe(callerId);
  expect(server?.parentSpanId).toBe(callerId);
  expect(server?.startUnixNano).toBeGreaterThan(queue?.endUnixNano ?? 0n);
  for (const span of [queue, server]) {
    expect(span?.attributes['aftershock.pause.role']).toBe('hit');
  }
  // Whose clock is behind or ahead is told by that, and waited all the same.
  for (const [i, aheadMs] of clocksAheadMs.entries()) {
    if (aheadMs === null) continue;
    const traced = spans.filter((span) => span.traceId === victims[i]);
    for (const { startUnixNano, endUnixNano } of traced) {
      expect(endUnixNano).toBeGreaterThanOrEqual(startUnixNano);
    }
    const { attributes } = traced.find(({ kind }) => kind === 'server') as Span;
    expect(attributes['aftershock.pause.role']).toBe('hit');
    expect(attributes['aftershock.server.wait_from']).toBe('idle');
    const told = attributes['aftershock.clock.apart_ms'] as number;
    // Its wait is part of what it is told to be apart.
    expect(Math.abs(told + aheadMs)).toBeLessThan(1000);
  }
  // From the victim to the pause, and back.
  const linked = spans.filter(({ spanId }) => queue?.links.some((link) => link.spanId === spanId));
  // A machine without a core to spare may have made it wait once more.
  const pause = linked.find(
    (span) => Number(span.attributes['aftershock.pause.measured_ms']) > 100,
  );
  expect(pause?.name).toMatch(/^pause /);
  expect(pause?.resource.attributes['service.name']).toBe('shop');
  expect(pause?.links.map(({ spanId }) => spanId)).toContain(server?.spanId);
});

test("@opentelemetry/api is all that the library imports when it runs, besides Node's own", async () => {
  const { metafile } = await build({
    entryPoints: ['pauses/index.ts'],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  const [output] = Object.values(metafile.outputs);
  const packages = new Set(
    output?.imports.map(({ path }) => path).filter((path) => !path.startsWith('node:')),
  );
  expect([...packages]).toEqual(['@opentelemetry/api']);
});
