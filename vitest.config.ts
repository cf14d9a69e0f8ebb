import { defineConfig } from 'vitest/config';

export default defineConfig({
  // `aftershock/…` is what is here, not what was last packed.
  ssr: { resolve: { conditions: ['aftershock-source', 'module', 'node'] } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**', '**/node_modules/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Real processes with real pauses share two cores with the runner: files one at a time keep
    // one test's pause out of another's measurement.
    fileParallelism: false,
  },
});
