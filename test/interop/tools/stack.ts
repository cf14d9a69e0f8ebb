import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { binary } from './binaries.ts';
import { freePorts } from './freePorts.ts';
import { Program, type ProgramOptions } from './program.ts';

/** Names of `collector/options/`. */
export type CollectorOption = 'disk-queue' | 'logs' | 'tail-sampling';

const portNames = [
  'collectorHttp',
  'collectorGrpc',
  'collectorHealth',
  'collectorMetrics',
  'jaegerQuery',
  'jaegerQueryGrpc',
  'jaegerHttp',
  'jaegerGrpc',
  'jaegerHealth',
  'jaegerMetrics',
  'prometheus',
  'loki',
  'lokiGrpc',
] as const;
export type StackPorts = Readonly<Record<(typeof portNames)[number], number>>;

const host = '127.0.0.1';
const root = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * The real collector, Jaeger and Prometheus on free ports, with the configuration files of the
 * repository. Each can be started, stopped, killed and started again; it keeps its ports, its log
 * and, Prometheus, its data.
 */
export class Stack {
  readonly ports: StackPorts;
  /** Logs, data and queues; removed by {@link stop}. */
  readonly folder: string;
  /** Base URL of OTLP over HTTP at the collector. */
  readonly otlpUrl: string;
  /** Base URL of Jaeger's query API. */
  readonly queryUrl: string;
  readonly prometheusUrl: string;
  readonly #programs = new Map<string, Program>();

  private constructor(ports: StackPorts) {
    this.ports = ports;
    this.folder = mkdtempSync(join(tmpdir(), 'aftershock-stack-'));
    this.otlpUrl = `http://${host}:${ports.collectorHttp}`;
    this.queryUrl = `http://${host}:${ports.jaegerQuery}`;
    this.prometheusUrl = `http://${host}:${ports.prometheus}`;
  }

  /** Nothing runs yet: see {@link startAll}. */
  static async create(): Promise<Stack> {
    return new Stack(await freePorts(portNames));
  }

  /** All three, healthy. @throws {Error} if one cannot start; what had been started is stopped. */
  static async startAll(): Promise<Stack> {
    const stack = await Stack.create();
    try {
      await Promise.all([stack.startPrometheus(), stack.startJaeger()]);
      await stack.startCollector(); // which would warn that they are not there
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  /** @param env changes of the variables that the files name. */
  async startCollector(
    options: readonly CollectorOption[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Program> {
    const { ports } = this;
    const files = ['config.yaml', ...options.map((name) => `options/${name}.yaml`)];
    return this.#start('collector', {
      path: await binary('otelcol'),
      args: files.flatMap((file) => ['--config', join(root, 'collector', file)]),
      env: {
        COLLECTOR_HOST: host,
        COLLECTOR_HTTP_PORT: String(ports.collectorHttp),
        COLLECTOR_GRPC_PORT: String(ports.collectorGrpc),
        COLLECTOR_HEALTH_PORT: String(ports.collectorHealth),
        COLLECTOR_METRICS_PORT: String(ports.collectorMetrics),
        COLLECTOR_QUEUE_DIRECTORY: join(this.folder, 'queue'),
        JAEGER_OTLP_ENDPOINT: `${host}:${ports.jaegerGrpc}`,
        PROMETHEUS_OTLP_ENDPOINT: `${this.prometheusUrl}/api/v1/otlp`,
        LOKI_OTLP_ENDPOINT: `http://${host}:${ports.loki}/otlp`,
        ...env,
      },
      healthUrl: `http://${host}:${ports.collectorHealth}/`,
    });
  }

  async startJaeger(env: Readonly<Record<string, string>> = {}): Promise<Program> {
    const { ports } = this;
    return this.#start('jaeger', {
      path: await binary('jaeger'),
      args: ['--config', join(root, 'dashboards/jaeger/config.yaml')],
      env: {
        JAEGER_HOST: host,
        JAEGER_HTTP_PORT: String(ports.jaegerQuery),
        JAEGER_GRPC_PORT: String(ports.jaegerQueryGrpc),
        JAEGER_OTLP_HTTP_PORT: String(ports.jaegerHttp),
        JAEGER_OTLP_GRPC_PORT: String(ports.jaegerGrpc),
        JAEGER_HEALTH_PORT: String(ports.jaegerHealth),
        JAEGER_METRICS_PORT: String(ports.jaegerMetrics),
        JAEGER_UI_CONFIG: join(root, 'dashboards/jaeger/ui.json'),
        PROMETHEUS_URL: this.prometheusUrl,
        ...env,
      },
      healthUrl: `http://${host}:${ports.jaegerHealth}/status`,
    });
  }

  async startPrometheus(): Promise<Program> {
    const data = join(this.folder, 'prometheus');
    mkdirSync(data, { recursive: true });
    const config = join(this.folder, 'prometheus.yml');
    writeFileSync(config, this.#prometheusConfig());
    return this.#start('prometheus', {
      path: await binary('prometheus'),
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${data}`,
        `--web.listen-address=${host}:${this.ports.prometheus}`,
        '--web.enable-otlp-receiver',
        '--enable-feature=exemplar-storage',
      ],
      healthUrl: `${this.prometheusUrl}/-/ready`,
    });
  }

  async startLoki(): Promise<Program> {
    const { ports } = this;
    const config = join(this.folder, 'loki.yaml');
    const text = readFileSync(join(root, 'dashboards/loki/config.yaml'), 'utf8');
    writeFileSync(config, text.replaceAll(': /loki', `: ${join(this.folder, 'loki')}`));
    return this.#start('loki', {
      path: await binary('loki'),
      args: [
        `-config.file=${config}`,
        `-server.http-listen-address=${host}`,
        `-server.http-listen-port=${ports.loki}`,
        `-server.grpc-listen-address=${host}`,
        `-server.grpc-listen-port=${ports.lokiGrpc}`,
      ],
      healthUrl: `http://${host}:${ports.loki}/ready`,
    });
  }

  /** @throws {Error} if it was never started. */
  program(name: 'collector' | 'jaeger' | 'prometheus' | 'loki'): Program {
    const program = this.#programs.get(name);
    if (!program) throw new Error(`${name} has not been started`);
    return program;
  }

  /** Ends all that runs and removes the folder. */
  async stop(): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #start(
    name: string,
    options: Pick<ProgramOptions, 'path' | 'args' | 'env' | 'healthUrl'>,
  ): Promise<Program> {
    const logFile = join(this.folder, `${name}.log`);
    const program = await Program.start({ name, logFile, ...options });
    this.#programs.set(name, program);
    return program;
  }

  /** The repository's file with the targets where they are here; a file of Prometheus has no variables. */
  #prometheusConfig(): string {
    const folder = join(root, 'dashboards/prometheus');
    const config = parse(readFileSync(join(folder, 'prometheus.yml'), 'utf8')) as {
      rule_files: string[];
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    const targets: Record<string, number> = {
      collector: this.ports.collectorMetrics,
      jaeger: this.ports.jaegerMetrics,
      prometheus: this.ports.prometheus,
    };
    config.rule_files = config.rule_files.map((file) => join(folder, file));
    for (const scrape of config.scrape_configs) {
      scrape.static_configs = [{ targets: [`${host}:${targets[scrape.job_name]}`] }];
    }
    return stringify(config);
  }
}
