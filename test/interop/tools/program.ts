import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { until } from './until.ts';

export interface ProgramOptions {
  /** What messages call it. */
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Gets all its output, appended. */
  readonly logFile: string;
  /** Answers 2xx once it is ready. */
  readonly healthUrl: string;
}

const readyTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;

const running = new Set<ChildProcess>();
// However a test run ends, short of SIGKILL, nothing is left.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A native program that runs beside the test. */
export class Program {
  readonly #options: ProgramOptions;
  readonly #child: ChildProcess;
  readonly exited: Promise<void>;
  #running = true;

  private constructor(options: ProgramOptions) {
    this.#options = options;
    const log = openSync(options.logFile, 'a');
    this.#child = spawn(options.path, options.args, {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.exited = new Promise((resolve) => {
      running.add(this.#child);
      const ended = () => {
        running.delete(this.#child);
        this.#running = false;
        resolve();
      };
      this.#child.once('exit', ended);
      // It could not even be started.
      this.#child.once('error', (error) => {
        appendFileSync(options.logFile, `${error.message}\n`);
        ended();
      });
    });
  }

  /**
   * Starts it and waits until it is healthy.
   * @throws {Error} with its last lines, if it ends first or is not healthy after a minute.
   */
  static async start(options: ProgramOptions): Promise<Program> {
    const program = new Program(options);
    try {
      await until(
        `${options.name} to be healthy at ${options.healthUrl}`,
        readyTimeoutMs,
        async () => {
          if (!program.#running) throw new Error(`${options.name} ended:\n${program.lastLines()}`);
          const response = await fetch(options.healthUrl).catch(() => null);
          return response?.ok ? true : undefined;
        },
      );
    } catch (error) {
      program.kill();
      throw error;
    }
    return program;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Everything that it and its predecessors with the same file have said. */
  log(): string {
    return readFileSync(this.#options.logFile, 'utf8');
  }

  lastLines(): string {
    return this.log().trimEnd().split('\n').slice(-10).join('\n');
  }

  /** SIGTERM, and SIGKILL where that does not end it. Idempotent. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), stopTimeoutMs);
    await this.exited;
    clearTimeout(timer);
  }

  /** SIGKILL, at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
