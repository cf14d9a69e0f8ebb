import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { threadAccount } from '../../pauses/detector/threadAccount.ts';

test.skipIf(process.platform !== 'linux')(
  'threadAccount() says that its thread waited for a core',
  async () => {
    const account = threadAccount();
    const others = Array.from({ length: 2 * availableParallelism() }, () =>
      spawn(process.execPath, ['--eval', 'for (;;);']),
    );
    try {
      account.begin();
      // It does in the end, with more threads than cores.
      while ((account.runDelayMs() ?? Number.NaN) < 1) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } finally {
      for (const other of others) other.kill('SIGKILL');
      account.close();
    }
    expect(account.runDelayMs()).toBeNull();
  },
);
