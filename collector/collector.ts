import { Accounts } from './accounts.ts';
import { type BodyLimits, DEFAULT_BODY_LIMITS } from './body.ts';
import {
  BoundedServer,
  type ConnectionLimits,
  DEFAULT_CONNECTION_LIMITS,
} from './boundedServer.ts';
import { createQueryApi } from './queryApi.ts';
import { createReceiver } from './receiver.ts';
import { restore } from './restore.ts';
import { SpanStore } from './store.ts';

export interface CollectorOptions extends Partial<BodyLimits>, Partial<ConnectionLimits> {
  /** Where both ports listen; by default `127.0.0.1`. */
  readonly host?: string;
  /** OTLP over HTTP; by default 4318. 0: any free one. */
  readonly port?: number;
  /** Query API; by default 16686. 0: any free one. */
  readonly queryPort?: number;
  /** File of OTLP JSON lines: read back at the start, then appended to. */
  readonly file?: string;
  /** Bytes of memory for spans and their index; by default 256 MiB. */
  readonly maxBytes?: number;
}

export interface CollectorStats {
  /** Spans accepted since the start, by `service.name`. */
  readonly acceptedByService: Readonly<Record<string, number>>;
  /** Spans refused because of an invalid id. */
  readonly rejected: number;
  /** Spans forgotten to make room, with their whole traces. */
  readonly evicted: number;
  readonly evictedTraces: number;
  readonly heldSpans: number;
  readonly heldTraces: number;
  readonly heldBytes: number;
  /** Metrics and log records accepted, and dropped. */
  readonly metrics: number;
  readonly logs: number;
  /** Spans read back from the file at the start. */
  readonly restored: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export interface Collector {
  /** Base URL for OTLP exporters. */
  readonly otlpUrl: string;
  /** Base URL of the query API. */
  readonly queryUrl: string;
  /** Lines of the file that could not be read back, as sentences. */
  readonly warnings: readonly string[];
  stats(): CollectorStats;
  /** Answers what is in flight, finishes its writes, and closes both ports. */
  stop(): Promise<void>;
}

export const DEFAULT_PORT = 4318;
export const DEFAULT_QUERY_PORT = 16686;
export const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

/**
 * Starts a collector within this process: a receiver, a store and a query API.
 * @throws the system's error if a port is taken (`EADDRINUSE`) or the file cannot be used.
 */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const limits = { ...DEFAULT_BODY_LIMITS, ...DEFAULT_CONNECTION_LIMITS, ...options };
  const host = options.host ?? '127.0.0.1';
  const store = new SpanStore(options.maxBytes ?? DEFAULT_MAX_BYTES);
  const accounts = new Accounts();
  const warnings: string[] = [];
  const warn = (sentence: string) => warnings.push(sentence);
  const file = options.file === undefined ? null : await restore(options.file, store, warn);
  const { heldSpans, evictedSpans } = store.stats();
  const restored = heldSpans + evictedSpans;

  function stats(): CollectorStats {
    const { user, system } = process.cpuUsage();
    const held = store.stats();
    return {
      acceptedByService: accounts.acceptedByService(),
      rejected: accounts.rejected,
      evicted: held.evictedSpans,
      evictedTraces: held.evictedTraces,
      heldSpans: held.heldSpans,
      heldTraces: held.heldTraces,
      heldBytes: held.heldBytes,
      metrics: accounts.metrics,
      logs: accounts.logs,
      restored,
      cpuMs: (user + system) / 1000,
      rssBytes: process.memoryUsage.rss(),
    };
  }

  const receiver = createReceiver({ store, accounts, file, limits });
  const query = new BoundedServer(limits, createQueryApi(store, stats));
  try {
    const otlpUrl = await receiver.listen(host, options.port ?? DEFAULT_PORT);
    const queryUrl = await query.listen(host, options.queryPort ?? DEFAULT_QUERY_PORT);
    return {
      otlpUrl,
      queryUrl,
      warnings,
      stats,
      async stop() {
        await Promise.all([receiver.close(), query.close()]);
        await file?.close();
      },
    };
  } catch (error) {
    await Promise.all([receiver.close(), query.close()]);
    await file?.close();
    throw error;
  }
}
