import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { PauseStrategy } from '../strategy.ts';
import { continuer } from './continuer.ts';

/** How much later than the continuer the watchdog wakes the process, if it still has to. */
const WATCHDOG_GRACE_MS = 500;

/**
 * The whole process is stopped, all its threads: what a container's CPU quota, a suspended virtual
 * machine or a debugger does. It stops itself with SIGSTOP, in the asked phase; a helper process,
 * told the moment before, sends SIGCONT. A second helper does the same half a second later, in
 * case the first was killed. Both end with the process that they serve.
 *
 * Linux and macOS. A shell that started the process in its foreground takes it for one stopped by
 * Ctrl-Z; a service started by another program is not affected.
 */
export default function freeze(): PauseStrategy {
  let helpers: readonly Helper[] = [];

  return {
    kind: 'freeze',
    async prepare() {
      refuseWhereImpossible();
      if (helpers.length > 0 && helpers.every((helper) => helper.alive)) return;
      for (const helper of helpers) helper.end();
      helpers = await Promise.all([startHelper(0), startHelper(WATCHDOG_GRACE_MS)]);
    },
    strike(durationMs) {
      if (helpers.length === 0) {
        throw new Error(`Nothing would end a freeze: call prepare(${durationMs}) first`);
      }
      const startNano = process.hrtime.bigint();
      try {
        for (const helper of helpers) helper.arm(startNano, durationMs);
        process.kill(process.pid, 'SIGSTOP');
      } finally {
        for (const helper of helpers) helper.disarm();
      }
      const stoppedMs = Number(process.hrtime.bigint() - startNano) / 1e6;
      if (stoppedMs < durationMs / 2) {
        throw new Error(
          `A freeze of ${durationMs} ms lasted ${stoppedMs.toFixed(1)} ms: another process ` +
            'continued this one, or its container does not let it stop',
        );
      }
    },
    async stop() {
      for (const helper of helpers) helper.end();
      helpers = [];
    },
  };
}

function refuseWhereImpossible(): void {
  if (process.platform === 'win32') {
    throw new RangeError('A freeze needs SIGSTOP, which Windows does not have: use block');
  }
  if (process.pid === 1) {
    throw new RangeError(
      'A freeze is not possible for process 1 of a container, whose SIGSTOP the kernel ignores: ' +
        'give it an init (docker run --init, or init: true in a compose file), or use block',
    );
  }
}

interface Helper {
  readonly alive: boolean;
  /** @throws {Error} if the order did not reach the helper before the return. */
  arm(startNano: bigint, durationMs: number): void;
  /** Also where it is gone: there is nothing to end then. */
  disarm(): void;
  end(): void;
}

async function startHelper(graceMs: number): Promise<Helper> {
  const child = spawn(
    process.execPath,
    ['--eval', `(${continuer})(${process.pid}, ${graceMs})`],
    // An empty environment: NODE_OPTIONS would load into the helper what was meant for the service.
    { stdio: ['pipe', 'pipe', 'inherit'], env: {} },
  );
  const { stdin, stdout } = child;
  let error: Error | undefined;
  stdin.on('error', (reason) => {
    error = reason;
  });
  await ready(child, stdout);
  child.unref();
  unref(stdin);
  unref(stdout);
  const isAlive = () => child.exitCode === null && child.signalCode === null && !error;
  return {
    get alive() {
      return isAlive();
    },
    arm(startNano, durationMs) {
      // A short write to a local pipe with room is done, or has failed, when write() returns.
      stdin.write(`freeze ${startNano} ${durationMs}\n`);
      error ??= stdin.errored ?? undefined;
      if (!isAlive() || stdin.writableLength > 0) {
        throw new Error(`The helper process ${child.pid} that ends a freeze is gone`, {
          cause: error,
        });
      }
    },
    disarm() {
      if (stdin.writable) stdin.write('awake\n');
    },
    end: () => stdin.end(),
  };
}

async function ready(child: ChildProcess, stdout: NodeJS.ReadableStream): Promise<void> {
  const abort = new AbortController();
  const { signal } = abort;
  try {
    await Promise.race([
      once(stdout, 'data', { signal }),
      once(child, 'exit', { signal }).then(([code, by]) => {
        throw new Error(`The helper process of a freeze ended at once: ${by ?? `code ${code}`}`);
      }),
    ]);
  } finally {
    abort.abort();
  }
}

/** Pipes of a child are sockets: one that is left open must not keep this process from ending. */
function unref(stream: object): void {
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
}
