import { defineConfig } from 'vitest/config';

/** Tests against the real collector, Jaeger, Prometheus and containers: need Go or Docker. */
export default defineConfig({
  // `aftershock/…` is what is here, not what was last packed.
  ssr: { resolve: { conditions: ['aftershock-source', 'module', 'node'] } },
  test: {
    include: ['test/interop/**/*.test.ts'],
    testTimeout: 120_000,
    // Building the real programs for the first time takes minutes.
    hookTimeout: 1_800_000,
    fileParallelism: false,
    // Real programs take minutes and memory of a machine that others may use: a second try is said.
    retry: 1,
  },
});
