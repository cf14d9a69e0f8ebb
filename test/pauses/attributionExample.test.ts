import { spawn } from 'node:child_process';
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

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerId = 'b7ad6b7169203331';
const strangerIds = ['1', '2'].map((digit) => digit.repeat(32));

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

  const report = get('/report');
  // The service computes by the time that this is sent, and reads it only afterwards.
  await new Promise((resolve) => setTimeout(resolve, 60));
  const victim = get('/', { traceparent: `00-${traceId}-${callerId}-01` });
  const strangers = [-5000, 5000].map((aheadMs, i) =>
    get('/', {
      traceparent: `00-${strangerIds[i]}-${callerId}-01`,
      tracestate: `aftershock=h:1;t:${Math.round((Date.now() + aheadMs) * 1000)}`,
    }),
  );
  expect(await Promise.all([report, victim])).toEqual(['done', 'hello']);
  await Promise.all(strangers);
  shop.kill('SIGTERM');
  await ended;

  const own = spans.filter((span) => span.traceId === traceId);
  const queue = own.find(({ name }) => name === 'server.queue');
  const server = own.find(({ kind }) => kind === 'server');
  expect(queue?.parentSpanId).toBe(callerId);
  expect(server?.parentSpanId).toBe(callerId);
  expect(server?.startUnixNano).toBeGreaterThan(queue?.endUnixNano ?? 0n);
  for (const span of [queue, server]) {
    expect(span?.attributes['aftershock.pause.role']).toBe('hit');
  }
  // Callers whose clocks are 5 s behind and ahead are told by that, and waited all the same.
  for (const [i, apartMs] of [5000, -5000].entries()) {
    const traced = spans.filter((span) => span.traceId === strangerIds[i]);
    for (const { startUnixNano, endUnixNano } of traced) {
      expect(endUnixNano).toBeGreaterThanOrEqual(startUnixNano);
    }
    const { attributes } = traced.find(({ kind }) => kind === 'server') as Span;
    expect(attributes['aftershock.pause.role']).toBe('hit');
    expect(attributes['aftershock.server.wait_from']).toBe('idle');
    // They waited for up to the 150 ms of the report.
    const told = attributes['aftershock.clock.apart_ms'] as number;
    expect(Math.abs(told - apartMs)).toBeLessThan(1000);
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
