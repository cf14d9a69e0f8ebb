import type { CollectorStats } from '../../collector/collector.ts';
import type { CollectorMessage } from '../../collector/main.ts';
import { Child } from './child.ts';
import type { ManagedProcess } from './managedProcess.ts';
import { type PortChoice, takenPortError } from './ports.ts';
import { programFile } from './programFile.ts';

/** Where the spans of a run go. */
export interface RunCollector {
  readonly otlpUrl: string;
  readonly queryUrl: string;
  /** The embedded collector's process; null for a collector outside, which is not ours to end. */
  readonly child: ManagedProcess | null;
  /** The embedded collector's last word, once it has stopped cleanly. */
  lastStats(): CollectorStats | null;
  /** What the embedded collector says now; null if it does not answer within `timeoutMs`. */
  askStats(timeoutMs: number): Promise<CollectorStats | null>;
}

export interface LaunchedCollector extends RunCollector {
  readonly child: ManagedProcess;
}

export interface CollectorLaunchOptions {
  readonly otlp: PortChoice;
  readonly query: PortChoice;
  readonly tracesFile: string;
  readonly logFile: string;
  readonly readyTimeoutMs: number;
  /** Told of each process at once, so that it can be ended whatever happens. */
  readonly onChild: (child: ManagedProcess) => void;
  readonly say: (line: string) => void;
}

/**
 * Starts the collector and waits until it listens. A port that is taken is replaced by any free
 * one, unless it was asked for.
 * @throws {Error} if it cannot start, ends, or is not ready in time.
 */
export async function launchCollector(options: CollectorLaunchOptions): Promise<LaunchedCollector> {
  const ports = { otlp: options.otlp, query: options.query };
  for (;;) {
    const child = new Child<CollectorMessage>({
      name: 'collector',
      path: programFile('collector/main'),
      args: [
        ['--port', String(ports.otlp.port)],
        ['--query-port', String(ports.query.port)],
        ['--file', options.tracesFile],
      ].flat(),
      logFile: options.logFile,
    });
    options.onChild(child);
    let last: CollectorStats | null = null;
    child.onMessage((message) => {
      if (message.type === 'stopped') last = message.stats;
    });
    const news = await child.message('`ready`', options.readyTimeoutMs, (message) =>
      message.type === 'ready' || message.type === 'failed' ? message : undefined,
    );
    if (news.type === 'ready') {
      for (const warning of news.warnings) options.say(`collector: ${warning}`);
      const { otlpUrl, queryUrl } = news;
      return {
        otlpUrl,
        queryUrl,
        child,
        lastStats: () => last,
        askStats: (timeoutMs) => askStats(`${queryUrl}/stats`, timeoutMs),
      };
    }
    child.kill();
    await child.exited;
    const taken = (['otlp', 'query'] as const).find(
      (name) => ports[name].port !== 0 && news.message.endsWith(`:${ports[name].port}`),
    );
    if (news.code !== 'EADDRINUSE' || taken === undefined) {
      throw new Error(`The collector cannot start: ${news.message}`);
    }
    if (ports[taken].asked) throw takenPortError(taken, ports[taken].port);
    options.say(`port ${ports[taken].port} for ${taken} is taken: a free one is used instead`);
    ports[taken] = { port: 0, asked: false };
  }
}

async function askStats(url: string, timeoutMs: number): Promise<CollectorStats | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    return response.ok ? ((await response.json()) as CollectorStats) : null;
  } catch {
    return null; // null is what the caller is told; its end is noticed elsewhere
  }
}
