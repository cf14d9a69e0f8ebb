import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { CollectorProcess } from './collectorProcess.ts';
import { otlpRequest, otlpSpan, post } from './otlp.ts';

test('the process tells its addresses, leaves SIGINT to its parent, and its counts at SIGTERM', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aftershock-'));
  const file = join(folder, 'traces.ndjson');
  const collector = await CollectorProcess.start(['--file', file]);
  collector.child.kill('SIGINT');
  const body = JSON.stringify(otlpRequest([otlpSpan()]));
  const sent = Array.from({ length: 50 }, () => post(`${collector.otlpUrl}/v1/traces`, body));
  expect((await Promise.all(sent)).every(({ status }) => status === 200)).toBe(true);
  collector.child.kill('SIGTERM');
  expect(await collector.exited).toEqual({ code: 0, signal: null });
  expect(collector.messages.at(-1)).toMatchObject({
    type: 'stopped',
    stats: { acceptedByService: { user: 50 }, heldSpans: 50 },
  });
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(51);
  rmSync(folder, { recursive: true });
});

test('the process says why it cannot start, and exits with 1', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const collector = new CollectorProcess(['--port', String(port)]);
  expect(await collector.exited).toEqual({ code: 1, signal: null });
  expect(collector.messages).toEqual([
    { type: 'failed', code: 'EADDRINUSE', message: expect.stringContaining(`:${port}`) },
  ]);
  taken.close();
});

test('the process ends when its parent is gone', async () => {
  const parent: ChildProcess = fork(
    fileURLToPath(new URL('./collectorParent.ts', import.meta.url)),
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const [pid] = (await once(parent, 'message')) as [number];
  parent.kill('SIGKILL');
  await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
