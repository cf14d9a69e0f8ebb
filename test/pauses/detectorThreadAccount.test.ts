import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { keepBusy } from '../../bench/support/busyCores.ts';
import { threadAccount } from '../../pauses/detector/threadAccount.ts';

test.skipIf(process.platform !== 'linux')(
  'threadAccount() says that its thread waited for a core',
  async () => {
    const account = threadAccount();
    const rest = keepBusy(2 * availableParallelism());
    try {
      account.begin();
      // It does in the end, with more threads than cores.
      while ((account.runDelayMs() ?? Number.NaN) < 1) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } finally {
      rest();
      account.close();
    }
    expect(account.runDelayMs()).toBeNull();
  },
);

test.skipIf(process.platform !== 'linux')(
  'what the thread had used before a while began is not in the CPU of the process',
  () => {
    const account = threadAccount();
    spin(60);
    account.begin();
    const { processCpuMs, mainThreadCpuMs } = account.end(0);
    account.close();
    // The kernel's account of a thread is behind by up to 10 ms.
    expect(processCpuMs).toBeLessThan(30);
    expect(mainThreadCpuMs).toBeLessThan(30);
  },
);

test.skipIf(process.platform !== 'linux')(
  'what it had used of the while before what is asked about is taken off',
  () => {
    const account = threadAccount();
    spin(60);
    account.begin();
    const beganMs = performance.now();
    spin(60);
    const busyBeforeMs = performance.now() - beganMs;
    spin(40);
    const { mainThreadCpuMs } = account.end(busyBeforeMs);
    account.close();
    expect(mainThreadCpuMs).toBeGreaterThan(20);
    expect(mainThreadCpuMs).toBeLessThan(60);
  },
);

test.skipIf(process.platform !== 'linux')('CPU of other threads is in it', async () => {
  const account = threadAccount();
  const worker = new Worker(
    'const { workerData } = require("node:worker_threads"); const end = performance.now() + workerData; while (performance.now() < end);',
    { eval: true, workerData: 100 },
  );
  await once(worker, 'exit');
  const { processCpuMs, mainThreadCpuMs } = account.end(0);
  account.close();
  expect(processCpuMs - (mainThreadCpuMs ?? 0)).toBeGreaterThan(20);
});

/** Uses its core until it has used so much of it. */
function spin(cpuMs: number): void {
  const before = process.threadCpuUsage();
  for (;;) {
    const { user, system } = process.threadCpuUsage(before);
    if (user + system >= 1000 * cpuMs) return;
  }
}
