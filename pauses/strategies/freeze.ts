import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PauseStrategy } from '../strategy.ts';
import { continuer } from './continuer.ts';

/** How much later than the continuer the watchdog wakes the process, if it still has to. */
const WATCHDOG_GRACE_MS = 500;

/** How long a helper may take to say that it has an order: far longer than a starved one needs. */
const ANSWER_LIMIT_MS = 1000;

/** The same for its first answer: a Node process on a busy machine may take seconds to start. */
const START_LIMIT_MS = 30_000;

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
      const answers = await Promise.all(helpers.map((helper) => helper.answers()));
      if (helpers.length > 0 && answers.every(Boolean)) return;
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
  /** Whether it still does what it is told. */
  answers(): Promise<boolean>;
  /** @throws {Error} if the helper has not said in time that it has the order. */
  arm(startNano: bigint, durationMs: number): void;
  /** Also where it is gone: there is nothing to end then. */
  disarm(): void;
  end(): void;
}

/**
 * The helper adds a byte to a file for each line that it has read. A write into its pipe proves
 * nothing: a process that is being killed keeps its end open until its last thread is gone. And
 * unlike a pipe, a file can be looked at without a turn of the loop, in the midst of a strike.
 */
async function startHelper(graceMs: number): Promise<Helper> {
  const answersFile = join(
    tmpdir(),
    `aftershock-freeze-${process.pid}-${graceMs}-${performance.now()}`,
  );
  const answersFd = openSync(answersFile, 'wx+', 0o600);
  rmSync(answersFile);
  const child = spawn(
    process.execPath,
    ['--eval', `(${continuer})(${process.pid}, ${graceMs})`],
    // An empty environment: NODE_OPTIONS would load into the helper what was meant for the service.
    { stdio: ['pipe', answersFd, 'inherit'], env: {} },
  );
  const stdin = child.stdin as Socket; // a child's pipe
  stdin.on('error', () => {}); // a helper that is gone does not answer: that is how it is noticed
  child.on('error', () => {});
  child.unref();
  stdin.unref(); // left open, it must not keep this process from ending

  let linesSent = 0;
  const send = (line: string) => {
    linesSent++;
    stdin.write(`${line}\n`);
  };
  const hasAnswered = () => fstatSync(answersFd).size >= linesSent;
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const gone = (limitMs: number) => {
    const end = hasEnded() ? `: it ended with ${child.signalCode ?? `code ${child.exitCode}`}` : '';
    return new Error(
      `The helper process ${child.pid} that ends a freeze did not answer within ${limitMs} ms${end}`,
    );
  };
  const end = () => {
    stdin.end();
    closeSync(answersFd);
  };
  const answers = async (limitMs = ANSWER_LIMIT_MS) => {
    send('awake');
    const limit = performance.now() + limitMs;
    while (!hasAnswered()) {
      if (hasEnded() || performance.now() > limit) return false;
      await sleep(1);
    }
    return true;
  };
  if (!(await answers(START_LIMIT_MS))) {
    end();
    throw gone(START_LIMIT_MS);
  }
  return {
    answers,
    arm(startNano, durationMs) {
      send(`freeze ${startNano} ${durationMs}`);
      const limit = performance.now() + ANSWER_LIMIT_MS;
      while (!hasAnswered()) if (performance.now() > limit) throw gone(ANSWER_LIMIT_MS);
    },
    disarm: () => send('awake'),
    end,
  };
}
