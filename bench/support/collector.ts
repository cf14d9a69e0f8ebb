import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface BenchCollector {
  readonly otlpUrl: string;
  /** User and system time of its process since it started, in milliseconds. */
  cpuMs(): Promise<number>;
  stop(): void;
}

/** Starts the embedded collector as a process of its own. */
export async function startBenchCollector(): Promise<BenchCollector> {
  const child = fork(join(import.meta.dirname, 'collectorProcess.ts'));
  const [{ otlpUrl }] = (await once(child, 'message')) as [{ otlpUrl: string }];
  return {
    otlpUrl,
    async cpuMs() {
      child.send('usage');
      const [{ cpuSeconds }] = (await once(child, 'message')) as [{ cpuSeconds: number }];
      return cpuSeconds * 1000;
    },
    stop: () => child.disconnect(),
  };
}
