import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['aftershock-source', 'module', 'node'] } },
  test: {
    include: ['test/mutation/allTests.ts'],
    runner: fileURLToPath(new URL('./testsOnDemand.ts', import.meta.url)),
    pool: 'threads',
    maxWorkers: 1,
    testTimeout: 30_000,
    expect: { poll: { timeout: 50 } },
    resolveSnapshotPath: (path, extension) => path + extension,
  },
});
