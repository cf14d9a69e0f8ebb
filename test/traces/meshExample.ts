import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const vitest = join(createRequire(import.meta.url).resolve('vitest'), '../vitest.mjs');

/**
 * Runs the tests in docs/examples/mesh as a reader does.
 * @returns what vitest printed. @throws {Error} if one fails.
 */
export async function runMeshExample(addresses: {
  readonly GATEWAY_URL: string;
  readonly TRACES_URL: string;
}): Promise<string> {
  const env = { ...process.env, ...addresses };
  const args = [vitest, 'run', '--root', 'docs/examples', 'mesh'];
  try {
    return (await promisify(execFile)(process.execPath, args, { cwd: root, env })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`The example's tests fail:\n${stdout}${stderr}`, { cause: error });
  }
}
