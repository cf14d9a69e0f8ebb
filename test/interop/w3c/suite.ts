/**
 * Runs W3C's trace-context suite from a checkout of github.com/w3c/trace-context against a service
 * of the kit, at the strictest level there is. Needs Python with aiohttp.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startHarness } from './harness.ts';

const [checkout] = process.argv.slice(2);
const suite = join(checkout ?? '', 'test/test.py');
if (checkout === undefined || !existsSync(suite)) {
  console.error(`npm run w3c -- <checkout of github.com/w3c/trace-context>: ${suite} is not there`);
  process.exitCode = 2;
} else {
  const harness = await startHarness(0);
  const python = spawn('python3', [suite, `${harness.url}/test`], {
    stdio: 'inherit',
    env: { ...process.env, SPEC_LEVEL: '2', STRICT_LEVEL: '2' },
  });
  try {
    const [code] = await once(python, 'exit');
    process.exitCode = code === 0 ? 0 : 1;
  } catch (error) {
    console.error(`The suite needs python3 with aiohttp: ${(error as Error).message}`);
    process.exitCode = 1;
  } finally {
    await harness.drain(0);
  }
}
