import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';

/** From PyPI: it carries the schemas of Kubernetes 1.25 to 1.37. */
const version = '1.37.0';

/**
 * Checks a file of Kubernetes objects against the schemas of a version such as `1.36.0`. Unknown
 * fields are mistakes. Installed once, into `${XDG_CACHE_HOME:-~/.cache}/aftershock`.
 * @returns what is wrong, a line each.
 * @throws {Error} if it can neither be found nor installed.
 */
export async function kubernetesFaults(file: string, kubernetes: string): Promise<string[]> {
  const { code, output } = await run(await program(), [
    ...['--strict', '--no-warn', '-k', kubernetes, file],
  ]);
  const lines = output.trim().split('\n');
  const passed = lines.filter((line) => /^INFO .* passed for resource/.test(line));
  if (passed.length === 0 && code === 0) throw new Error(`It checked nothing:\n${output}`);
  return lines.filter((line) => !passed.includes(line) && line !== '');
}

async function program(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'aftershock');
  const folder = join(cache, `kubernetes-validate-${version}`);
  const path = join(folder, 'bin', 'kubernetes-validate');
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  const steps = [
    ['python3', '-m', 'venv', folder],
    [join(folder, 'bin', 'pip'), 'install', '--quiet', `kubernetes-validate==${version}`],
  ];
  for (const [command = '', ...args] of steps) {
    const { code, output } = await run(command, args).catch((error: Error) => ({
      code: null,
      output: error.message,
    }));
    if (code === 0) continue;
    rmSync(folder, { recursive: true, force: true });
    throw new Error(
      `These tests need kubernetes-validate ${version}, and it cannot be installed: ` +
        `${[command, ...args].join(' ')} failed: ${output}\nInstall Python 3 with its venv module`,
    );
  }
  return path;
}
