/** How a process ended: one of both is null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process as seen by who only has to end it. */
export interface ManagedProcess {
  readonly name: string;
  readonly pid: number | undefined;
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<ProcessExit>;
  readonly running: boolean;
  /** True once {@link stop} or {@link kill} was called: from then on its end is no surprise. */
  readonly stopping: boolean;
  /** Whether it has ended by itself with exit code 0. */
  readonly endedCleanly: boolean;
  /** How it ended, as a sentence with its last lines on standard error. */
  describeExit(): string;
  /**
   * SIGTERM, and SIGKILL if it has not ended after `timeoutMs`.
   * @returns whether it ended without SIGKILL.
   */
  stop(timeoutMs: number): Promise<boolean>;
  /** SIGKILL. Idempotent. */
  kill(): void;
}
