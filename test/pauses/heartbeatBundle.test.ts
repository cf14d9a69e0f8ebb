import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, expect, test } from 'vitest';
import type { startHeartbeat } from '../../pauses/detector/heartbeat.ts';

const folder = mkdtempSync(join(tmpdir(), 'aftershock-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  { minify: false, keepNames: false },
  { minify: true, keepNames: false },
  { minify: false, keepNames: true },
  { minify: true, keepNames: true },
])('the heartbeat beats from a bundle, minify $minify, keepNames $keepNames', async (options) => {
  const outfile = join(folder, `${options.minify}${options.keepNames}.mjs`);
  const entryPoints = ['pauses/detector/heartbeat.ts'];
  const how = { bundle: true, platform: 'node', format: 'esm' } as const;
  await build({ entryPoints, outfile, ...how, ...options });
  const bundled = (await import(pathToFileURL(outfile).href)) as {
    startHeartbeat: typeof startHeartbeat;
  };
  const deaths: string[] = [];
  const heartbeat = bundled.startHeartbeat({
    periodMs: 5,
    quota: null,
    onDeath: (reason) => deaths.push(reason),
  });
  await heartbeat.started;
  await expect.poll(() => heartbeat.beatMs > 0 || deaths.length > 0).toBe(true);
  await heartbeat.stop();
  expect(deaths).toEqual([]);
});
