import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../tools/run.ts';

/** A program in another language that sends a trace with the real SDK and exporter of that language. */
export interface Language {
  readonly name: string;
  /** What builds and runs it; the test is skipped where one of them is missing. */
  readonly tools: readonly string[];
  /** Its command line, built first if it was not yet. @throws {Error} if it cannot be built. */
  command(): Promise<readonly [string, ...string[]]>;
}

export const languages: readonly Language[] = [
  language('python', ['python3'], async (source, built) => {
    const python = join(built, 'bin', 'python');
    if (!existsSync(join(built, 'done'))) {
      await must('python3', ['-m', 'venv', built]);
      await must(python, ['-m', 'pip', 'install', '-q', '-r', join(source, 'requirements.txt')]);
      mkdirSync(join(built, 'done'));
    }
    return [python, join(source, 'main.py')];
  }),
  language('go', ['go'], async (source, built) => {
    const program = join(built, 'language');
    const args = ['build', '-buildvcs=false', '-o', program, '.'];
    if (!existsSync(program)) await must('go', args, { cwd: source });
    return [program];
  }),
  language('rust', ['cargo'], async (source, built) => {
    const env = { CARGO_TARGET_DIR: built };
    const program = join(built, 'debug', 'language');
    if (!existsSync(program)) await must('cargo', ['build', '--locked'], { cwd: source, env });
    return [program];
  }),
  language('java', ['mvn', 'javac', 'java'], async (source, built) => {
    const jars = join(built, 'classpath');
    const main = join(built, 'Main.class');
    if (!existsSync(main)) {
      const list = ['-q', '-B', 'dependency:build-classpath', `-Dmdep.outputFile=${jars}`];
      await must('mvn', list, { cwd: source });
      const classpath = readFileSync(jars, 'utf8');
      await must('javac', ['-d', built, '-cp', classpath, join(source, 'Main.java')]);
    }
    return ['java', '-cp', [built, readFileSync(jars, 'utf8')].join(delimiter), 'Main'];
  }),
];

/** Those of the commands that are not there. */
export function missingTools(tools: readonly string[]): string[] {
  return tools.filter((tool) => spawnSync('which', [tool]).status !== 0);
}

function language(
  name: string,
  tools: readonly string[],
  build: (source: string, built: string) => ReturnType<Language['command']>,
): Language {
  return {
    name,
    tools,
    command() {
      const source = fileURLToPath(new URL(`${name}/`, import.meta.url));
      const hash = createHash('sha256');
      for (const file of readdirSync(source).toSorted()) {
        hash.update(readFileSync(join(source, file)));
      }
      const version = hash.digest('hex').slice(0, 8);
      const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'aftershock');
      const built = join(cache, `language-${name}-${version}`);
      mkdirSync(built, { recursive: true });
      return build(source, built);
    },
  };
}

async function must(
  command: string,
  args: readonly string[],
  options: Parameters<typeof run>[2] = {},
): Promise<void> {
  const { code, output } = await run(command, args, options);
  if (code === 0) return;
  const lastLines = output.trimEnd().split('\n').slice(-15).join('\n');
  throw new Error(`${command} ${args.join(' ')} failed with ${code}:\n${lastLines}`);
}
