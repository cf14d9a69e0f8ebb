/**
 * How a service talks to whoever started it: settings come in by the environment, news go out by
 * the IPC channel where there is one (`child_process.fork`), and by the log in any case.
 *
 * | variable | meaning | default |
 * |---|---|---|
 * | `AFTERSHOCK_MESH` | mesh file (`.yaml`), or a resolved mesh (`.json`) | `mesh/chain.yaml` |
 * | `AFTERSHOCK_SERVICE` | which of its services this process is | the program's name |
 * | `AFTERSHOCK_PEERS` | JSON object, name of a called service → base URL | `http://127.0.0.1:<port in the mesh>` |
 * | `AFTERSHOCK_SEED` | seed in place of the mesh's | |
 * | `HOST`, `PORT` | where it listens | `127.0.0.1`, the mesh's port |
 * | `ADMIN_HOST`, `ADMIN_PORT` | where the admin API listens | `127.0.0.1`, 0 (any free) |
 * | `ADMIN_TOKEN` | bearer token of the admin API; required where `ADMIN_HOST` is not loopback | none |
 * | `AFTERSHOCK_TOKEN_SECRET` | key of the signed user token (gateway issues, auth checks) | a demo key |
 * | `AFTERSHOCK_DEMO` | `off`: the gateway lends no token to a client that brings none | `on` |
 * | `AFTERSHOCK_DATABASE` | SQLite file of `user` | `:memory:` |
 * | `AFTERSHOCK_PAUSES` | `start`: the service starts its pauses of the mesh file by itself, once it has answered a request or waited 10 s for one; `off`: it waits for the admin API | `off` |
 * | `AFTERSHOCK_SLOW_REQUEST_MS` | a request that takes longer is logged at `warn`, as failed ones are; 0: none is | 100 |
 * | `LOG_LEVEL` | a pino level; other requests are logged at `debug` | `info` |
 * | `OTEL_SDK_DISABLED` | `true`: no traces, no metrics, no logs by OTLP, no context passed on | `false` |
 * | `OTEL_METRICS_EXPORTER`, `OTEL_LOGS_EXPORTER` | `otlp`: export them beside the spans; `none` | `none` |
 * | `OTEL_EXPORTER_OTLP_ENDPOINT` | base URL of a collector that takes OTLP over HTTP in JSON; `…_TRACES_ENDPOINT`, `…_METRICS_ENDPOINT`, `…_LOGS_ENDPOINT`: a whole URL for one signal | `http://localhost:4318` |
 * | `OTEL_EXPORTER_OTLP_HEADERS`, `…_COMPRESSION`, `…_TIMEOUT`, `…_CERTIFICATE`, `…_CLIENT_KEY`, `…_CLIENT_CERTIFICATE` | as OpenTelemetry says, also for one signal | none, `none`, 10000 ms |
 * | `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME` | as OpenTelemetry says; `deployment.environment.name` is the log's `env` | |
 * | `OTEL_METRIC_EXPORT_INTERVAL` | milliseconds between two exports of metrics | 60000 |
 * | `OTEL_BSP_MAX_QUEUE_SIZE`, `…_MAX_EXPORT_BATCH_SIZE`, `…_SCHEDULE_DELAY`, `…_EXPORT_TIMEOUT` | spans held, spans in a batch, milliseconds until a batch that is not full is sent, milliseconds for one attempt | 32768, 512, 1000, that of OTLP |
 * | `OTEL_BLRP_…` | the same for log lines | 8192, 512, 1000, that of OTLP |
 * | `AFTERSHOCK_SAMPLING_RATIO` | share of the traces, 0 to 1, that is kept though no pause, error or time-out touched them; the rest is dropped once its requests have ended here | all are kept |
 * | `AFTERSHOCK_ATTRIBUTION` | `on`: spans say which pause of this process hit them, and what waited before its handler has a span for that | `off` |
 * | `AFTERSHOCK_ENDED_SPANS` | `on`: the spans that end are counted by trace, for tests that wait until all have come | `off` |
 * | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | as OpenTelemetry says; the SDK's own tracer is dearer than ours | every trace |
 *
 * Admin API (JSON): `GET /stats` → {@link ServiceStats}; `POST /pauses/prepare` {@link PauseOrder}
 * → what was prepared (a ballast calibrated under the present load); `PUT /pauses`
 * {@link PausePlan}: replaces what runs; `DELETE /pauses` stops; `GET /pauses` what runs and what
 * was made; `POST /pauses` {@link PauseOrder}: one pause now; `GET /debug/pprof/profile?seconds=N`:
 * what the thread does meanwhile, as pprof has it; `GET /traces/<trace id>/ended-spans`, if they are
 * counted → `{ "endedSpans": 3 }`, those that attribution adds later apart.
 *
 * SIGTERM: finish what is in flight, flush, report, exit 0. With an IPC channel SIGINT is left to
 * the parent, and a parent that is gone means SIGTERM.
 */

import type { Pause, Phase } from '../../mesh/mesh.ts';

export type ServiceMessage =
  | { readonly type: 'ready'; readonly url: string; readonly adminUrl: string }
  /** The last one before a clean exit. */
  | { readonly type: 'stopped'; readonly stats: ServiceStats }
  /** The service cannot start; `code` is the system's (`EADDRINUSE`) where there is one. */
  | { readonly type: 'failed'; readonly code: string | null; readonly message: string };

export interface PauseOrder {
  readonly kind: string;
  readonly durationMs: number;
  readonly phase: Phase;
}

export interface PausePlan {
  readonly seed: number;
  readonly pauses: readonly Omit<Pause, 'service'>[];
}

/** Counts and times since the process started; the difference of two snapshots is a phase. */
export interface ServiceStats {
  readonly service: string;
  /** Age of the process when it read all this: one that is busy is late to. */
  readonly uptimeMs: number;
  /** Requests answered, whatever the status; health checks apart. */
  readonly requests: number;
  /** User and system time of the process. */
  readonly cpuMs: number;
  /** Time ready to run but without a core, main thread (`/proc/self/schedstat`); null off Linux. */
  readonly runDelayMs: number | null;
  readonly rssBytes: number;
  readonly spans: SpanAccount;
  /** Mark-Compact collections: those that V8 chose, and those that were ordered. */
  readonly majorCollections: {
    readonly natural: { readonly count: number; readonly durationMs: number };
    readonly forced: { readonly count: number; readonly durationMs: number };
  };
  readonly pauses: number;
}

/** `ended = exported + dropped` after a clean stop. */
export interface SpanAccount {
  readonly ended: number;
  /** Acknowledged by the collector. */
  readonly exported: number;
  /** Given up here: queue full, export refused, or part of a partial success. */
  readonly dropped: number;
}
