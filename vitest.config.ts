import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Real processes with real pauses share two cores with the runner: files one at a time keep
    // one test's pause out of another's measurement.
    fileParallelism: false,
  },
});
