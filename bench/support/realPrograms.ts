import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { type BinaryName, binary } from '../../test/interop/tools/binaries.ts';
import { freePorts } from '../../test/interop/tools/freePorts.ts';
import { NativeProcess } from './nativeProcess.ts';

const host = '127.0.0.1';
const root = join(import.meta.dirname, '../..');

const acceptedSpans = 'otelcol_receiver_accepted_spans';
const decidedTraces = 'otelcol_processor_tail_sampling_global_count_traces_sampled';

/** Queues and limits so large that nothing is refused: what is measured is the work. */
const roomy = {
  COLLECTOR_QUEUE_SPANS: '1000000',
  COLLECTOR_MEMORY_LIMIT_MIB: '6000',
  COLLECTOR_SAMPLING_TRACES: '1000000',
  JAEGER_MEMORY_LIMIT_MIB: '6000',
  JAEGER_MAX_TRACES: '1000000',
};

/** A real program that takes spans, with the repository's own configuration files. */
export interface Taker {
  readonly process: NativeProcess;
  /** Base URL of OTLP over HTTP. */
  readonly otlpUrl: string;
  /** Resolves when it has taken that many spans since it started. */
  taken(spans: number): Promise<void>;
  /** Resolves when it is through with them: handed on, judged or stored. */
  done(spans: number): Promise<void>;
}

/** Starts real programs on free ports, and ends them. */
export class RealPrograms {
  readonly #folder = mkdtempSync(join(tmpdir(), 'aftershock-bench-'));
  #running: NativeProcess[] = [];

  async stop(): Promise<void> {
    const ending = this.#running;
    this.#running = [];
    await Promise.all(ending.map((one) => one.stop()));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A collector that throws all away; `address` is where it takes gRPC. */
  async sink(): Promise<Taker & { readonly address: string }> {
    const sink = await this.#otelcol(['bench/support/sinkCollector.yaml']);
    return { ...sink, done: sink.taken };
  }

  /** `collector/config.yaml`; in Jaeger's place a collector that throws all away. */
  async collector(env: Readonly<Record<string, string>> = {}): Promise<Taker> {
    const sink = await this.sink();
    const taker = await this.#otelcol(['collector/config.yaml'], {
      JAEGER_OTLP_ENDPOINT: sink.address,
      ...env,
    });
    return { ...taker, done: (spans) => sink.process.reaches(acceptedSpans, spans) };
  }

  /** The same with tail sampling. `done` expects traces of `spansPerTrace` spans. */
  async samplingCollector(wait: string, spansPerTrace: number): Promise<Taker> {
    const sink = await this.sink();
    const taker = await this.#otelcol(
      ['collector/config.yaml', 'collector/options/tail-sampling.yaml'],
      { JAEGER_OTLP_ENDPOINT: sink.address, COLLECTOR_SAMPLING_WAIT: wait },
    );
    return {
      ...taker,
      done: (spans) => taker.process.reaches(decidedTraces, Math.floor(spans / spansPerTrace)),
    };
  }

  /** The agent of `deploy/overlays/cluster`, with two collectors behind it. */
  async agent(): Promise<Taker> {
    const sinks = [await this.sink(), await this.sink()];
    const path = join(root, 'deploy/overlays/cluster/agent-config.yaml');
    const config = parse(readFileSync(path, 'utf8'));
    config.exporters.load_balancing.resolver.static.hostnames = sinks.map((sink) => sink.address);
    config.exporters.load_balancing.sending_queue.queue_size = 1_000_000;
    const file = join(this.#folder, 'agent.yaml');
    writeFileSync(file, stringify(config));
    return {
      ...(await this.#otelcol([file])),
      async done(spans) {
        for (;;) {
          const counts = await Promise.all(sinks.map((sink) => sink.process.metric(acceptedSpans)));
          if (counts.reduce((sum, count) => sum + count, 0) >= spans) return;
          await sleep(50);
        }
      },
    };
  }

  /** `dashboards/jaeger/config.yaml`: stored is what it has acknowledged. */
  jaeger(): Promise<Taker> {
    return this.#jaeger('dashboards/jaeger/config.yaml');
  }

  /** The same, but it keeps its traces in Badger, in a folder of its own. */
  async jaegerOnDisk(): Promise<Taker & { diskBytes(): number }> {
    const folder = mkdtempSync(join(this.#folder, 'badger-'));
    const config = parse(readFileSync(join(root, 'dashboards/jaeger/config.yaml'), 'utf8'));
    config.extensions.jaeger_storage.backends.memory = {
      badger: { directories: { keys: folder, values: folder }, ephemeral: false },
    };
    const file = `${folder}.yaml`;
    writeFileSync(file, stringify(config));
    const taker = await this.#jaeger(file);
    return {
      ...taker,
      // Blocks in use: Badger reserves files far larger than what is in them.
      diskBytes: () =>
        readdirSync(folder).reduce(
          (sum, name) => sum + 512 * statSync(join(folder, name)).blocks,
          0,
        ),
    };
  }

  async #jaeger(file: string): Promise<Taker> {
    const ports = await freePorts(['http', 'grpc', 'query', 'queryGrpc', 'health', 'metrics']);
    const process = await this.#start('jaeger', [file], ports, {
      JAEGER_HOST: host,
      JAEGER_HTTP_PORT: String(ports.query),
      JAEGER_GRPC_PORT: String(ports.queryGrpc),
      JAEGER_OTLP_HTTP_PORT: String(ports.http),
      JAEGER_OTLP_GRPC_PORT: String(ports.grpc),
      JAEGER_HEALTH_PORT: String(ports.health),
      JAEGER_METRICS_PORT: String(ports.metrics),
      JAEGER_UI_CONFIG: join(root, 'dashboards/jaeger/ui.json'),
    });
    const taken = (spans: number) => process.reaches(acceptedSpans, spans);
    return { process, otlpUrl: `http://${host}:${ports.http}`, taken, done: taken };
  }

  async #otelcol(files: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const ports = await freePorts(['http', 'grpc', 'health', 'metrics']);
    const process = await this.#start('otelcol', files, ports, {
      COLLECTOR_HOST: host,
      COLLECTOR_HTTP_PORT: String(ports.http),
      COLLECTOR_GRPC_PORT: String(ports.grpc),
      COLLECTOR_HEALTH_PORT: String(ports.health),
      COLLECTOR_METRICS_PORT: String(ports.metrics),
      ...env,
    });
    return {
      process,
      otlpUrl: `http://${host}:${ports.http}`,
      address: `${host}:${ports.grpc}`,
      taken: (spans: number) => process.reaches(acceptedSpans, spans),
    };
  }

  async #start(
    name: BinaryName,
    files: readonly string[],
    ports: { readonly health: number; readonly metrics: number },
    env: Readonly<Record<string, string>>,
  ): Promise<NativeProcess> {
    const process = await NativeProcess.start(
      {
        name,
        path: await binary(name),
        // An absolute path stays as it is.
        args: files.map((file) => `--config=${file.startsWith('/') ? file : join(root, file)}`),
        env: { ...roomy, ...env },
        logFile: join(this.#folder, `${name}.log`),
        healthUrl: `http://${host}:${ports.health}/${name === 'jaeger' ? 'status' : ''}`,
      },
      `http://${host}:${ports.metrics}/metrics`,
    );
    this.#running.push(process);
    return process;
  }
}
