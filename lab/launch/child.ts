import { type ChildProcess, fork } from 'node:child_process';
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { ManagedProcess, ProcessExit } from './managedProcess.ts';

export interface ChildOptions {
  /** What messages call it. */
  readonly name: string;
  /** Module to run. */
  readonly path: string;
  readonly args?: readonly string[];
  /** Added to what is passed on of this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * File that gets its output, appended; by default, and while the file takes none, this process's
   * standard error gets it.
   */
  readonly logFile?: string;
}

const keptErrorLines = 8;
const lastWordsMs = 300;

/**
 * A forked process that reports over IPC, and whose end is noticed. The IPC channel is its
 * lifeline too: it stops when the channel closes, however its parent ended.
 */
export class Child<Message extends { readonly type: string }> implements ManagedProcess {
  readonly name: string;
  readonly pid: number | undefined;
  readonly exited: Promise<ProcessExit>;
  readonly #process: ChildProcess;
  readonly #errorLines: string[] = [];
  readonly #received: string[] = [];
  readonly #listeners = new Set<(message: Message) => void>();
  #exit: ProcessExit | null = null;
  #spawnError: Error | null = null;
  #stopping = false;

  constructor(options: ChildOptions) {
    this.name = options.name;
    const { logFile } = options;
    const log = logFile === undefined ? process.stderr.fd : openSync(logFile, 'a');
    this.#process = fork(options.path, options.args ?? [], {
      env: { ...passedOn(process.env), ...options.env },
      // Standard output goes to the file without passing through here; standard error is read for
      // its last lines.
      stdio: ['ignore', log, 'pipe', 'ipc'],
    });
    if (logFile !== undefined) closeSync(log);
    this.pid = this.#process.pid;
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (logFile === undefined || !isAppended(logFile, text)) process.stderr.write(text);
      this.#keepErrorLines(text);
    });
    this.#process.on('message', (message) => {
      this.#received.push((message as Message).type);
      if (this.#received.length > 5) this.#received.shift();
      for (const listener of this.#listeners) listener(message as Message);
    });
    this.exited = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        const end = () => {
          this.#exit = { code, signal };
          resolve(this.#exit);
        };
        // Its last words may still be in the pipe; a process that it started may hold the pipe open.
        const timer = setTimeout(end, lastWordsMs);
        this.#process.once('close', () => {
          clearTimeout(timer);
          end();
        });
      });
      this.#process.once('error', (error) => {
        this.#spawnError = error;
        if (this.#process.pid !== undefined) return;
        this.#exit = { code: null, signal: null };
        resolve(this.#exit);
      });
    });
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  get endedCleanly(): boolean {
    return this.#exit?.code === 0;
  }

  get running(): boolean {
    return this.#exit === null;
  }

  /** Calls `listener` for each message; returns the function that ends it. */
  onMessage(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends a message; without effect when the process is gone. */
  send(message: { readonly type: string }): void {
    // A channel that closes while a message is under way is noticed as the child's end.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  /**
   * Resolves with the first message that `accept` turns into a value.
   * @throws {Error} if the process ends first, or nothing comes within `timeoutMs`.
   */
  async message<Value>(
    waitedFor: string,
    timeoutMs: number,
    accept: (message: Message) => Value | undefined,
  ): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const off = this.onMessage((message) => {
      const value = accept(message);
      if (value !== undefined) resolve(value);
    });
    const timer = setTimeout(() => {
      const came = this.#received.length === 0 ? 'nothing came' : this.#received.join(', ');
      const errors = this.#errorLines.length === 0 ? '' : `\n${this.#lastErrorLines()}`;
      reject(
        new Error(
          `${this.name}: waited ${timeoutMs / 1000} s for ${waitedFor}; messages: ${came}${errors}`,
        ),
      );
    }, timeoutMs);
    this.exited.then(() => reject(new Error(this.describeExit())));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      off();
    }
  }

  describeExit(): string {
    if (this.#spawnError !== null && this.#process.pid === undefined) {
      return `${this.name} could not be started: ${this.#spawnError.message}`;
    }
    if (this.#exit === null) return `${this.name} is running (pid ${this.pid})`;
    const { code, signal } = this.#exit;
    const how = signal === null ? `ended with exit code ${code}` : `was ended by signal ${signal}`;
    const errors =
      this.#errorLines.length === 0 ? '' : `; its last words:\n${this.#lastErrorLines()}`;
    return `${this.name} (pid ${this.pid}) ${how}${errors}`;
  }

  #lastErrorLines(): string {
    return this.#errorLines.map((line) => `    ${line}`).join('\n');
  }

  async stop(timeoutMs: number): Promise<boolean> {
    this.#stopping = true;
    if (!this.running) return true;
    this.#process.kill('SIGTERM');
    // A process that is stopped takes no other signal before it goes on.
    this.#process.kill('SIGCONT');
    const timer = Promise.withResolvers<false>();
    const timeout = setTimeout(() => timer.resolve(false), timeoutMs);
    const inTime = await Promise.race([this.exited.then(() => true), timer.promise]);
    clearTimeout(timeout);
    if (inTime) return true;
    this.kill();
    await this.exited;
    return false;
  }

  kill(): void {
    this.#stopping = true;
    if (this.running) this.#process.kill('SIGKILL');
  }

  #keepErrorLines(text: string): void {
    for (const line of stripVTControlCharacters(text).split('\n')) {
      // Of a stack trace the message says most; the frames are in the log.
      if (line.trim() !== '' && !/^\s+at /.test(line))
        this.#errorLines.push(line.trimEnd().slice(0, 300));
    }
    this.#errorLines.splice(0, this.#errorLines.length - keptErrorLines);
  }
}

/** A disk that is full must not end the run whose log it is. */
function isAppended(file: string, text: string): boolean {
  try {
    appendFileSync(file, text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The environment without the variables that services and the OpenTelemetry SDK read: an endpoint,
 * a sampler or a `HOST` set for something else must not reach into a run.
 */
function passedOn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(OTEL_|AFTERSHOCK_(?!ATTRIBUTION$)|ADMIN_|HOST$|PORT$)/.test(name),
    ),
  );
}
