import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { binary } from '../tools/binaries.ts';
import { freePorts } from '../tools/freePorts.ts';
import { Program } from '../tools/program.ts';
import { until } from '../tools/until.ts';
import { startTraceSink, type TraceSink } from './traceSink.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const host = '127.0.0.1';
const services = ['gateway', 'auth', 'user'] as const;

/** A collector-gateway of the overlay: collector/config.yaml, with a sink in Jaeger's place. */
class Gateway {
  readonly sink: TraceSink;
  readonly #env: Record<string, string>;
  readonly #args: string[];
  readonly #logFile: string;
  #program: Program | null = null;

  private constructor(sink: TraceSink, ports: Ports, folder: string, options: string[]) {
    this.sink = sink;
    const sinkFile = join(folder, `sink-${ports.grpc}.yaml`);
    writeFileSync(
      sinkFile,
      stringify({
        exporters: {
          'otlp_http/sink': { endpoint: sink.url, encoding: 'json', compression: 'none' },
        },
        service: { pipelines: { 'traces/jaeger': { exporters: ['otlp_http/sink'] } } },
      }),
    );
    const files = ['collector/config.yaml', ...options].map((file) => join(root, file));
    this.#args = [...files, sinkFile].map((file) => `--config=${file}`);
    this.#env = {
      ...portVariables(ports),
      PROMETHEUS_OTLP_ENDPOINT: sink.url,
      COLLECTOR_SAMPLING_WAIT: '2s',
      COLLECTOR_SAMPLING_PERCENT: '0',
    };
    this.#logFile = join(folder, `gateway-${ports.grpc}.log`);
  }

  static async start(folder: string, options: string[]): Promise<Gateway> {
    const gateway = new Gateway(await startTraceSink(), await collectorPorts(), folder, options);
    await gateway.start();
    return gateway;
  }

  get address(): string {
    return `${host}:${this.#env.COLLECTOR_GRPC_PORT}`;
  }

  async start(): Promise<void> {
    this.#program = await startCollector('gateway', this.#args, this.#env, this.#logFile);
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
  }
}

type Ports = Readonly<Record<'grpc' | 'http' | 'health' | 'metrics', number>>;

function collectorPorts(): Promise<Ports> {
  return freePorts(['grpc', 'http', 'health', 'metrics']);
}

function portVariables(ports: Ports): Record<string, string> {
  return {
    COLLECTOR_HOST: host,
    COLLECTOR_GRPC_PORT: String(ports.grpc),
    COLLECTOR_HTTP_PORT: String(ports.http),
    COLLECTOR_HEALTH_PORT: String(ports.health),
    COLLECTOR_METRICS_PORT: String(ports.metrics),
  };
}

async function startCollector(
  name: string,
  args: string[],
  env: Record<string, string>,
  logFile: string,
): Promise<Program> {
  const healthUrl = `http://${host}:${env.COLLECTOR_HEALTH_PORT}/`;
  return Program.start({ name, path: await binary('otelcol'), args, env, logFile, healthUrl });
}

let folder: string;
let running: { stop(): Promise<void> | void }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aftershock-balance-'));
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** Two gateways, and the overlay's agent before them; only the names of the gateways differ. */
async function startRows(options: string[] = []) {
  const gateways = [await Gateway.start(folder, options), await Gateway.start(folder, options)];
  running.push(...gateways, ...gateways.map(({ sink }) => sink));
  const config = parse(
    readFileSync(join(root, 'deploy/overlays/cluster/agent-config.yaml'), 'utf8'),
  );
  config.exporters.load_balancing.resolver.static.hostnames = gateways.map(
    ({ address }) => address,
  );
  const file = join(folder, 'agent.yaml');
  writeFileSync(file, stringify(config));
  const ports = await collectorPorts();
  const agent = await startCollector(
    'agent',
    [`--config=${file}`],
    portVariables(ports),
    join(folder, 'agent.log'),
  );
  running.push(agent);
  return { gateways, otlpUrl: `http://${host}:${ports.http}` };
}

interface Trace {
  readonly traceId: string;
  readonly failed: boolean;
}

/** A span of each service: a request each, as from three processes, and the failure in the last. */
async function send(otlpUrl: string, traces: readonly Trace[]): Promise<void> {
  for (const service of services) {
    const spans = traces.map(({ traceId, failed }) => ({
      traceId,
      spanId: randomBytes(8).toString('hex'),
      name: 'GET /users/:id',
      kind: 2,
      startTimeUnixNano: `${Date.now()}000000`,
      endTimeUnixNano: `${Date.now() + 5}000000`,
      status: failed && service === 'user' ? { code: 2 } : {},
    }));
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
    const response = await fetch(`${otlpUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
    });
    expect(response.status).toBe(200);
  }
}

function makeTraces(count: number, failedEvery = 0): Trace[] {
  return Array.from({ length: count }, (_, i) => ({
    traceId: randomBytes(16).toString('hex'),
    failed: failedEvery > 0 && i % failedEvery === 0,
  }));
}

function received(gateways: readonly Gateway[]): number {
  return gateways.reduce((sum, { sink }) => sum + sink.spans.length, 0);
}

function expectWholeTraces(gateways: readonly Gateway[], traces: readonly Trace[]): void {
  const perGateway = gateways.map(({ sink }) => Map.groupBy(sink.spans, ({ traceId }) => traceId));
  for (const { traceId } of traces) {
    const counts = perGateway.map((byTrace) => byTrace.get(traceId)?.length ?? 0);
    expect(counts.toSorted()).toEqual([0, services.length]);
  }
  // The ring is no round robin, but nobody is left out.
  for (const byTrace of perGateway) expect(byTrace.size).toBeGreaterThan(traces.length / 5);
  const ids = gateways.flatMap(({ sink }) => sink.spans.map(({ spanId }) => spanId));
  expect(new Set(ids).size).toBe(ids.length);
}

test('all spans of a trace reach the same gateway, whoever sent them', async () => {
  const { gateways, otlpUrl } = await startRows();
  const traces = makeTraces(400);
  await send(otlpUrl, traces);
  await until('all spans', 20_000, async () =>
    received(gateways) >= traces.length * services.length ? true : undefined,
  );
  expectWholeTraces(gateways, traces);
});

test('tail sampling behind the agent keeps failed traces whole, and only those', async () => {
  const { gateways, otlpUrl } = await startRows(['collector/options/tail-sampling.yaml']);
  const traces = makeTraces(400, 2);
  const failed = traces.filter((trace) => trace.failed);
  await send(otlpUrl, traces);
  await until('the failed traces', 20_000, async () =>
    received(gateways) >= failed.length * services.length ? true : undefined,
  );
  expectWholeTraces(gateways, failed);
  expect(received(gateways)).toBe(failed.length * services.length);
});

test('while a gateway is replaced, its spans wait at the agent: none lost, none twice', async () => {
  const { gateways, otlpUrl } = await startRows();
  const [, second] = gateways as [Gateway, Gateway];
  await second.stop();
  const traces = makeTraces(400);
  await send(otlpUrl, traces);
  await until('the spans of the gateway that runs', 20_000, async () =>
    received(gateways) > 0 ? true : undefined,
  );
  await second.start();
  await until('all spans', 30_000, async () =>
    received(gateways) >= traces.length * services.length ? true : undefined,
  );
  expectWholeTraces(gateways, traces);
});
