import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { codeBlocks } from './codeBlocks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const execute = promisify(execFile);

/** A folder outside the repository with what a newcomer has: the package, an example, a program. */
export interface BlankProject {
  readonly folder: string;
  readonly tarball: string;
  /** @returns standard output. @throws {Error} with both outputs if it does not end well. */
  run(command: string, args: readonly string[]): Promise<string>;
  remove(): void;
}

const paused = `
  import { pauseDetector } from 'aftershock/pauses';
  // A program would end: looking for pauses does not keep it alive.
  setTimeout(() => {}, 5000);
  const detector = pauseDetector();
  await detector.start();
  detector.onPause(({ kind }) => {
    console.log('saw a pause:', kind);
    process.exit();
  });
  for (const end = performance.now() + 150; performance.now() < end; );
`;

const typed = `
  import { JaegerSource, settle, type Trace } from 'aftershock/traces';
  import { traceMatchers } from 'aftershock/vitest';
  import { pauses } from 'aftershock/pauses';
  import { expect } from 'vitest';
  expect.extend(traceMatchers);
  export async function check(): Promise<Trace> {
    const trace = await settle(new JaegerSource('http://127.0.0.1:1'), '');
    expect(trace).toCallService('user', { from: 'auth', times: 1 });
    // @ts-expect-error: times is a number
    expect(trace).toCallService('user', { times: 'once' });
    return trace;
  }
  export const options = pauses;
`;

/** What the page of trace tests shows of a test, with what it takes for granted. */
function snippets(): string {
  const page = readFileSync(join(root, 'docs/trace-tests.md'), 'utf8');
  const parts = codeBlocks(page).filter(({ language, name }) => language === 'ts' && name === null);
  return `
    import type { Trace } from 'aftershock/traces';
    import 'aftershock/vitest';
    import { expect } from 'vitest';
    ${parts.map(({ text }, i) => `export function part${i}(traces: Trace[]) {\n${text}\n}`).join('\n')}
  `;
}

/** Packs this repository, and lays out a project that does not have the package yet. */
export async function blankProject(): Promise<BlankProject> {
  const folder = mkdtempSync(join(tmpdir(), 'aftershock-blank-'));
  const run = async (command: string, args: readonly string[], cwd = folder) => {
    try {
      const { NODE_OPTIONS: _, ...env } = process.env;
      return (await execute(command, args, { cwd, env })).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
    }
  };
  await run('npm', ['pack', '--pack-destination', folder], root);
  const [tarball = ''] = readdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
  cpSync(join(root, 'docs/examples/one-process'), join(folder, 'shop'), { recursive: true });
  writeFileSync(join(folder, 'paused.js'), paused);
  mkdirSync(join(folder, 'types'));
  writeFileSync(join(folder, 'types/check.ts'), typed);
  writeFileSync(join(folder, 'types/page.ts'), snippets());
  return {
    folder,
    tarball: join(folder, tarball),
    run: (command, args) => run(command, args),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
