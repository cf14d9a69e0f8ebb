import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { WindowOrder, WindowResult } from './closedLoop.ts';

export interface Load {
  /** @throws {Error} if a request failed: its cost would be another one. */
  run(order: WindowOrder): Promise<WindowResult>;
  stop(): void;
}

/** Starts the load generator as a process of its own. */
export function startLoad(): Load {
  const child = fork(join(import.meta.dirname, 'closedLoop.ts'));
  return {
    async run(order) {
      child.send(order);
      const [result] = (await once(child, 'message')) as [WindowResult];
      if (result.failed > 0) throw new Error(`${result.failed} requests failed at ${order.url}`);
      return result;
    },
    stop: () => child.disconnect(),
  };
}
