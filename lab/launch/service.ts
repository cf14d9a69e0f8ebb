import type { Program } from '../../mesh/mesh.ts';
import type { ServiceMessage, ServiceStats } from '../../services/kit/protocol.ts';
import { Child } from './child.ts';
import type { ManagedProcess } from './managedProcess.ts';
import { programFile } from './programFile.ts';

/** A running service. */
export interface LaunchedService {
  readonly name: string;
  readonly url: string;
  readonly adminUrl: string;
  readonly child: Child<ServiceMessage>;
  /** Its last word, once it has stopped cleanly. */
  stats(): ServiceStats | null;
}

export interface ServiceOptions {
  readonly name: string;
  readonly program: Program;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly readyTimeoutMs: number;
  /** Told of the process at once, so that it can be ended whatever happens. */
  readonly onChild: (child: ManagedProcess) => void;
}

/**
 * Starts a service and waits until it listens.
 * @returns null if its port is taken.
 * @throws {Error} if it cannot start for another reason, ends, or is not ready in time.
 */
export async function launchService(options: ServiceOptions): Promise<LaunchedService | null> {
  const { name, program, port, env, logFile, readyTimeoutMs, onChild } = options;
  const child = new Child<ServiceMessage>({
    name,
    path: programFile(`services/${program}`),
    env: { ...env, AFTERSHOCK_SERVICE: name, PORT: String(port) },
    logFile,
  });
  onChild(child);
  let last: ServiceStats | null = null;
  child.onMessage((message) => {
    if (message.type === 'stopped') last = message.stats;
  });
  const news = await child.message('`ready`', readyTimeoutMs, (message) =>
    message.type === 'ready' || message.type === 'failed' ? message : undefined,
  );
  if (news.type === 'ready') {
    return { name, url: news.url, adminUrl: news.adminUrl, child, stats: () => last };
  }
  child.kill();
  await child.exited;
  if (news.code === 'EADDRINUSE') return null;
  throw new Error(`${name} cannot start: ${news.message}`);
}
