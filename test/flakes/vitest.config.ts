import { defineConfig } from 'vitest/config';

/** What main.ts repeats: the example's tests of the mesh, and those that need pauses of their own. */
export default defineConfig({
  // `aftershock/…` is what is here, not what was last packed.
  ssr: { resolve: { conditions: ['aftershock-source', 'module', 'node'] } },
  test: {
    include: ['docs/examples/mesh/*.test.ts', 'test/flakes/traces/*.trace.ts'],
    testTimeout: 30_000,
    maxWorkers: 4,
  },
});
