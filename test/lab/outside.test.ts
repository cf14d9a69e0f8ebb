import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { startCollector } from '../../collector/collector.ts';
import { outsideFromOptions } from '../../lab/commands/outsideOptions.ts';
import { exportEnvironment } from '../../lab/launch/exportEnvironment.ts';
import { checkOutside } from '../../lab/launch/outside.ts';

const collectorUrl = 'http://127.0.0.1:4318';
const queryUrl = 'http://127.0.0.1:16686';
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  { options: {}, env: {}, want: null },
  { options: {}, env: { AFTERSHOCK_COLLECTOR: '', AFTERSHOCK_QUERY: '' }, want: null },
  {
    options: { collector: collectorUrl, query: queryUrl },
    env: {},
    want: { collectorUrl, queryUrl },
  },
  {
    options: { query: queryUrl },
    env: { AFTERSHOCK_COLLECTOR: `${collectorUrl}/`, AFTERSHOCK_QUERY: 'http://jaeger:16686' },
    want: { collectorUrl, queryUrl },
  },
])('outsideFromOptions() of $options and $env is $want', ({ options, env, want }) => {
  expect(outsideFromOptions(options, env)).toEqual(want);
});

test.each([
  {
    options: { collector: collectorUrl },
    env: {},
    says: /--collector is set .* but --query is not/,
  },
  {
    options: {},
    env: { AFTERSHOCK_QUERY: queryUrl },
    says: /--query is set .* but --collector is not/,
  },
  {
    options: {},
    env: { AFTERSHOCK_QUERY: 'jaeger:16686' },
    says: /AFTERSHOCK_QUERY=jaeger:16686: It must be/,
  },
])('outsideFromOptions() refuses $options and $env', ({ options, env, says }) => {
  expect(() => outsideFromOptions(options, env)).toThrow(says);
});

test.each([
  { env: {}, id: undefined, want: {} },
  {
    env: {
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_HEADERS: 'a=b',
      OTEL_TRACES_SAMPLER: 'always_off',
      OTEL_SDK_DISABLED: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://elsewhere:1',
      OTEL_LOGS_EXPORTER: '',
    },
    id: undefined,
    want: { OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_HEADERS: 'a=b' },
  },
  { env: {}, id: 'x1', want: { OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=x1' } },
  {
    env: { OTEL_RESOURCE_ATTRIBUTES: 'service.name=lab, team=a,service.instance.id=lab1' },
    id: 'x1',
    want: { OTEL_RESOURCE_ATTRIBUTES: 'team=a,service.instance.id=x1' },
  },
])('exportEnvironment() of $env', ({ env, id, want }) => {
  expect(exportEnvironment(collectorUrl, env, id)).toEqual({
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    ...want,
  });
});

test('checkOutside() is content with a collector and a query API', async () => {
  const collector = await startCollector({ port: 0, queryPort: 0 });
  const { otlpUrl, queryUrl } = collector;
  await expect(checkOutside({ collectorUrl: otlpUrl, queryUrl })).resolves.toBeUndefined();
  // The wrong way round is neither.
  await expect(checkOutside({ collectorUrl: queryUrl, queryUrl: otlpUrl })).rejects.toThrow(
    /collector at .* cannot be used: .*query API at .* cannot be used/s,
  );
  await collector.stop();
});

test('checkOutside() names both that cannot be reached, and what to do', async () => {
  const nobody = await serve(() => {});
  servers.pop()?.close();
  const failure = checkOutside({ collectorUrl: nobody, queryUrl: nobody });
  await expect(failure).rejects.toThrow(
    /^The collector at \S+ \(--collector\) cannot be used: connect ECONNREFUSED \S+\nThe query API at \S+ \(--query\) cannot be used: .*ECONNREFUSED.*\nStart what is missing \(docker compose up --wait/,
  );
});

test.each<{ what: string; listener: RequestListener; says: RegExp }>([
  {
    what: 'a web page',
    listener: (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    },
    says: /answered, but not as OTLP answers; is it the port for OTLP over HTTP\?/,
  },
  {
    what: 'a refusal',
    listener: (_request, response) => {
      response.writeHead(401).end('token missing\n');
    },
    says: /POST http:\S+\/v1\/traces is refused with status 401: token missing$/m,
  },
])('checkOutside() tells of a collector that answers with $what', async ({ listener, says }) => {
  const url = await serve(listener);
  await expect(checkOutside({ collectorUrl: url, queryUrl: url })).rejects.toThrow(says);
});
