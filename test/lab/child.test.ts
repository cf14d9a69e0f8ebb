import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Child } from '../../lab/launch/child.ts';

const path = fileURLToPath(new URL('fixtures/child.ts', import.meta.url));
let directory: string;
const children: Child<{ type: string }>[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aftershock-child-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill();
    await child.exited;
  }
  rmSync(directory, { recursive: true });
});

function start(behaviour: string, childPath = path): Child<{ type: string }> {
  const logFile = join(directory, 'child.log');
  const child = new Child({ name: 'auth', path: childPath, args: [behaviour], logFile });
  children.push(child);
  return child;
}

const ready = (message: { type: string }) => (message.type === 'ready' ? true : undefined);

test('a Child gives the message that was waited for, and stops on SIGTERM', async () => {
  const child = start('ready');
  expect(await child.message('`ready`', 10_000, ready)).toBe(true);
  expect(child.running).toBe(true);
  expect(await child.stop(5000)).toBe(true);
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child).toMatchObject({ running: false, stopping: true, endedCleanly: true });
});

test('a Child that does not get ready: what was waited for, what had come, its last words', async () => {
  const child = start('silent');
  await child.message('`hello`', 10_000, (message) => message.type === 'hello' || undefined);
  // Its words come by another way than its message.
  await expect
    .poll(() => readFileSync(join(directory, 'child.log'), 'utf8'))
    .toContain('still reading');
  await expect(child.message('`ready`', 50, ready)).rejects.toThrow(
    'auth: waited 0.05 s for `ready`; messages: hello\n    still reading a large file',
  );
});

test('a Child that ends before it is ready: exit code and last words', async () => {
  const child = start('crash');
  await expect(child.message('`ready`', 10_000, ready)).rejects.toThrow(
    /^auth \(pid \d+\) ended with exit code 3; its last words:\n {4}first line\n {4}TypeError: no such thing$/,
  );
  expect(readFileSync(join(directory, 'child.log'), 'utf8')).toContain('TypeError');
  expect(child).toMatchObject({ stopping: false, endedCleanly: false });
});

test.skipIf(!existsSync('/dev/full'))(
  'a Child whose log cannot be written: its words go to standard error, and nobody falls',
  async () => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const child = new Child<{ type: string }>({
      name: 'auth',
      path,
      args: ['crash'],
      logFile: '/dev/full',
    });
    children.push(child);
    await child.exited;
    expect(stderr.mock.calls.map(([text]) => text).join('')).toContain('TypeError: no such thing');
    stderr.mockRestore();
    expect(child.describeExit()).toContain(
      'ended with exit code 3; its last words:\n    first line',
    );
  },
);

test('a Child that somebody kills: the signal', async () => {
  const child = start('ready');
  await child.message('`ready`', 10_000, ready);
  process.kill(child.pid ?? 0, 'SIGKILL');
  await child.exited;
  expect(child.describeExit()).toMatch(/^auth \(pid \d+\) was ended by signal SIGKILL$/);
  expect(child.stopping).toBe(false);
  child.send({ type: 'anything' }); // nobody is there; nothing happens
});

test('stop() kills a Child that ignores SIGTERM, and says so', async () => {
  const child = start('stubborn');
  await child.message('`ready`', 10_000, ready);
  expect(await child.stop(100)).toBe(false);
  expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('stop() ends a Child that is stopped by SIGSTOP', async () => {
  const child = start('ready');
  await child.message('`ready`', 10_000, ready);
  process.kill(child.pid ?? 0, 'SIGSTOP');
  expect(await child.stop(5000)).toBe(true);
});

test('a module that does not exist is told by its name', async () => {
  const child = start('', join(directory, 'nothing.ts'));
  await expect(child.message('`ready`', 10_000, ready)).rejects.toThrow(/nothing\.ts/);
});
