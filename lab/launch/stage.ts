import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Mesh } from '../../mesh/mesh.ts';
import { LoadProcess } from '../load/loadProcess.ts';
import { Admin } from './admin.ts';
import { launchCollector, type RunCollector } from './collector.ts';
import { exportEnvironment } from './exportEnvironment.ts';
import { groups, startLevels } from './levels.ts';
import type { ManagedProcess } from './managedProcess.ts';
import { checkOutside, type Outside } from './outside.ts';
import { type AskedPorts, choosePort, withPort } from './ports.ts';
import { type LaunchedService, launchService } from './service.ts';

export interface StageOptions {
  readonly mesh: Mesh;
  /** The mesh as resolved JSON, for the services. */
  readonly meshFile: string;
  /** Where logs and traces go; exists. */
  readonly directory: string;
  readonly ports: AskedPorts;
  /** A collector that runs already; by default the embedded one is started. */
  readonly outside?: Outside | null;
  /** Told to every service besides. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the load generator is started as well. */
  readonly withLoad: boolean;
  readonly say: (line: string) => void;
  /** Called once for each process that ends although nobody stopped it. */
  readonly onDeath: (sentence: string) => void;
}

/** Time that a process may take to be ready: about a second alone, more on a busy machine. */
const readyTimeoutMs = 30_000;
/** Time that a process may take to drain, flush and end. */
const stopTimeoutMs = 15_000;

/** All the processes of a run: collector, services, load generator. */
export class Stage {
  readonly #options: StageOptions;
  readonly #children: ManagedProcess[] = [];
  readonly #services = new Map<string, LaunchedService>();
  readonly #instanceIds = new Map<string, string>();
  #collector: RunCollector | null = null;
  #load: LoadProcess | null = null;
  #closed = false;

  private constructor(options: StageOptions) {
    this.#options = options;
  }

  /**
   * Starts the collector, then the services from the leaves to the entry, those that do not call
   * each other at once, and the load generator beside them.
   * @throws {Error} if anything cannot start; what had been started is stopped.
   */
  static async start(options: StageOptions, signal: AbortSignal): Promise<Stage> {
    const stage = new Stage(options);
    // However this process ends, short of SIGKILL: nothing is left (and then the children notice).
    process.once('exit', stage.#killAll);
    try {
      await stage.#start(signal);
      return stage;
    } catch (error) {
      await stage.kill();
      throw error;
    }
  }

  get collector(): RunCollector {
    if (this.#collector === null) throw new Error('The collector has not been started');
    return this.#collector;
  }

  /** `service.instance.id` by process; only where the collector is outside, which has others' too. */
  get instanceIds(): ReadonlyMap<string, string> {
    return this.#instanceIds;
  }

  get load(): LoadProcess {
    if (this.#load === null) throw new Error('The load generator has not been started');
    return this.#load;
  }

  get services(): ReadonlyMap<string, LaunchedService> {
    return this.#services;
  }

  service(name: string): LaunchedService {
    const service = this.#services.get(name);
    if (service === undefined) throw new Error(`Service "${name}" has not been started`);
    return service;
  }

  admin(name: string): Admin {
    return new Admin(name, this.service(name).adminUrl);
  }

  /**
   * Stops everything without losing a span: the load, then the services from the entry to the
   * leaves, the collector last.
   * @param atOnce nobody takes spans any more, so that each would wait in vain for that: better all
   *   at once, as where the embedded collector has ended.
   * @returns what went wrong, as sentences.
   */
  async stop(atOnce = false): Promise<string[]> {
    const levels = startLevels(this.#options.mesh)
      .toReversed()
      .map((names) => names.flatMap((name) => this.#services.get(name)?.child ?? []));
    const inOrder = [
      this.#load === null ? [] : [this.#load.child],
      ...levels,
      this.#collector?.child ? [this.#collector.child] : [],
    ];
    const isCollectorGone = this.#collector?.child?.running === false;
    const order = atOnce || isCollectorGone ? [inOrder.flat()] : inOrder;
    const failures: string[] = [];
    for (const group of order) {
      await Promise.all(
        group.map(async (child) => {
          const wasRunning = child.running;
          if (!(await child.stop(stopTimeoutMs))) {
            failures.push(`${child.name} had not stopped after ${stopTimeoutMs / 1000} s: killed`);
          } else if (wasRunning && !child.endedCleanly) {
            failures.push(`While stopping: ${child.describeExit()}`);
          }
        }),
      );
    }
    await this.kill();
    return failures;
  }

  /** Every process that runs, in the order in which they were started. */
  get processes(): readonly ManagedProcess[] {
    return this.#children.filter(({ running }) => running);
  }

  /** Kills at once whatever still runs; resolves when all is gone. Idempotent. */
  async kill(): Promise<void> {
    this.#killAll();
    await Promise.all(this.#children.map((child) => child.exited));
    process.off('exit', this.#killAll);
  }

  readonly #killAll = (): void => {
    this.#closed = true;
    for (const child of this.#children) child.kill();
  };

  async #start(signal: AbortSignal): Promise<void> {
    const { mesh, meshFile, directory, ports, withLoad, say } = this.#options;
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    aborted.catch(() => {});
    const logFile = (name: string) => join(directory, `${name}.log`);
    const onChild = (child: ManagedProcess) => {
      this.#children.push(child);
      // A second attempt with another port may begin when all is over already.
      if (this.#closed) child.kill();
    };

    signal.throwIfAborted();
    const { outside } = this.#options;
    this.#collector = await Promise.race([
      outside
        ? reach(outside)
        : launchCollector({
            otlp: choosePort(ports, 'otlp', 4318),
            query: choosePort(ports, 'query', 16_686),
            tracesFile: join(directory, 'traces.ndjson'),
            logFile: logFile('collector'),
            readyTimeoutMs,
            onChild,
            say,
          }),
      aborted,
    ]);
    if (this.#collector.child) this.#watch(this.#collector.child);
    const { otlpUrl } = this.#collector;
    const telemetry = (name: string): Record<string, string> => {
      if (!outside) return { OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl };
      const instanceId = randomUUID();
      this.#instanceIds.set(name, instanceId);
      return exportEnvironment(otlpUrl, process.env, instanceId);
    };

    const loadStarting = withLoad
      ? LoadProcess.launch({
          logFile: logFile('load'),
          env: {
            ...telemetry('load'),
            // Small batches: what is being serialised cannot be sent on time.
            OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '128',
            OTEL_BSP_SCHEDULE_DELAY: '250',
          },
          readyTimeoutMs,
          onChild,
        })
      : null;
    loadStarting?.catch(() => {}); // Awaited below; until then a service may fail first.

    const urls: Record<string, string> = {};
    for (const level of startLevels(mesh)) {
      for (const group of groups(level, Math.max(2, availableParallelism()))) {
        const started = await Promise.race([
          Promise.all(
            group.map((name) =>
              withPort(
                name,
                choosePort(ports, name, mesh.services[name]?.port ?? 0),
                (port) =>
                  launchService({
                    name,
                    program: mesh.services[name]?.program ?? 'relay',
                    port,
                    env: {
                      ...telemetry(name),
                      AFTERSHOCK_MESH: meshFile,
                      AFTERSHOCK_SEED: String(mesh.seed),
                      AFTERSHOCK_PEERS: JSON.stringify(urls),
                      ...this.#options.env,
                    },
                    logFile: logFile(name),
                    readyTimeoutMs,
                    onChild,
                  }),
                say,
              ),
            ),
          ),
          aborted,
        ]);
        for (const service of started) {
          urls[service.name] = service.url;
          this.#services.set(service.name, service);
          this.#watch(service.child);
        }
      }
    }
    if (loadStarting !== null) {
      this.#load = await Promise.race([loadStarting, aborted]);
      this.#watch(this.#load.child);
    }
  }

  #watch(child: ManagedProcess): void {
    child.exited.then(() => {
      if (!child.stopping) this.#options.onDeath(child.describeExit());
    });
  }
}

async function reach(outside: Outside): Promise<RunCollector> {
  await checkOutside(outside);
  return {
    otlpUrl: outside.collectorUrl,
    queryUrl: outside.queryUrl,
    child: null,
    lastStats: () => null,
    askStats: async () => null,
  };
}
