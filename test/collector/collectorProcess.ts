import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CollectorMessage } from '../../collector/main.ts';

const MAIN = fileURLToPath(new URL('../../collector/main.ts', import.meta.url));

/** The collector as a process of its own, on free ports. */
export class CollectorProcess {
  readonly child: ChildProcess;
  readonly messages: CollectorMessage[] = [];
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  otlpUrl = '';
  queryUrl = '';

  constructor(args: readonly string[] = []) {
    this.child = fork(MAIN, ['--port', '0', '--query-port', '0', ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.on('message', (message: CollectorMessage) => this.messages.push(message));
    this.exited = once(this.child, 'exit').then(([code, signal]) => ({ code, signal }));
  }

  static async start(args: readonly string[] = []): Promise<CollectorProcess> {
    const collector = new CollectorProcess(args);
    const [message] = (await once(collector.child, 'message')) as [CollectorMessage];
    if (message.type !== 'ready') throw new Error(JSON.stringify(message));
    collector.otlpUrl = message.otlpUrl;
    collector.queryUrl = message.queryUrl;
    return collector;
  }

  async stop(): Promise<void> {
    this.child.kill();
    await this.exited;
  }

  /** The most memory that it has had resident (Linux). */
  peakRssBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }
}
