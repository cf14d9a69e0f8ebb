import { setTimeout as sleep } from 'node:timers/promises';
import type { PauseStrategy, Strike } from '../strategy.ts';

interface Order {
  readonly durationMs: number;
  readonly resolve: (strike: Strike) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The control, which is no pause: the next request that comes sleeps for the asked time while the
 * thread stays free, and every other request is left alone. The record is that sleep. It waits for
 * a request as long as it takes; an abort or `stop` gives it up.
 */
export default function delay(): PauseStrategy {
  let order: Order | undefined;

  function giveUp(reason: unknown): void {
    order?.reject(reason);
    order = undefined;
  }

  async function carryOut({ durationMs, resolve }: Order): Promise<void> {
    const startNano = process.hrtime.bigint();
    await sleep(durationMs);
    resolve({ startNano, endNano: process.hrtime.bigint() });
  }

  return {
    kind: 'delay',
    async prepare() {},
    strike(durationMs, signal) {
      signal?.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<Strike>();
      const own: Order = { durationMs, resolve, reject };
      order = own;
      signal?.addEventListener('abort', () => order === own && giveUp(signal.reason), {
        once: true,
      });
      return promise;
    },
    gate() {
      if (!order) return undefined;
      const next = order;
      order = undefined;
      return carryOut(next);
    },
    async stop() {
      giveUp(new DOMException('No request came to be delayed before the stop', 'AbortError'));
    },
  };
}
