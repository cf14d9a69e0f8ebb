import type { PauseStrategy } from '../strategy.ts';

/**
 * The thread computes for the asked time: what a long loop, a synchronous call or a big
 * `JSON.parse` does. It burns a core; no collection is involved.
 */
export default function block(): PauseStrategy {
  return {
    kind: 'block',
    async prepare() {},
    strike(durationMs) {
      const end = performance.now() + durationMs;
      while (performance.now() < end);
    },
    async stop() {},
  };
}
