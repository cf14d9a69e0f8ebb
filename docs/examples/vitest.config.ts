import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Within this repository, `aftershock/…` is its TypeScript. A project of your own needs no such line.
  ssr: { resolve: { conditions: ['aftershock-source', 'module', 'node'] } },
  test: { testTimeout: 30_000 },
});
