import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import freeze from '../../pauses/strategies/freeze.ts';

const program = join(import.meta.dirname, 'fixtures/frozen.ts');
const left = new Set<number>();

afterEach(() => {
  for (const pid of left) if (isThere(pid)) process.kill(pid, 'SIGKILL');
  left.clear();
});

interface Target {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Continuer and watchdog. */
  readonly helpers: readonly [number, number];
  /** Resolves when the process has stopped. */
  freeze(): Promise<void>;
  /** What the process says of its freeze. */
  said(): Promise<string | undefined>;
  end(): void;
}

/** A process that will freeze for `durationMs` and has its helpers ready. */
async function startTarget(durationMs: number): Promise<Target> {
  const target = spawn(process.execPath, [program, String(durationMs)]);
  const pid = target.pid ?? 0;
  left.add(pid);
  const lines = createInterface(target.stdout)[Symbol.asyncIterator]();
  expect(await lines.next()).toMatchObject({ value: 'prepared' });
  const [continuer = 0, watchdog = 0] = childrenOf(pid);
  left.add(continuer).add(watchdog);
  return {
    process: target,
    pid,
    helpers: [continuer, watchdog],
    async freeze() {
      target.stdin.write('now\n');
      await until(() => state(pid) === 'T');
    },
    said: async () => (await lines.next()).value,
    end: () => target.stdin.end(),
  };
}

/** Oldest first. */
function childrenOf(pid: number): number[] {
  try {
    const list = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
    return list
      .trim()
      .split('\n')
      .map(Number)
      .sort((a, b) => a - b);
  } catch {
    return []; // pgrep fails where it finds nothing
  }
}

/** T: stopped; Z: dead, not yet waited for; empty: gone. */
function state(pid: number): string {
  try {
    const full = execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' });
    return full.trim().slice(0, 1);
  } catch {
    return '';
  }
}

function isThere(pid: number): boolean {
  return !['', 'Z'].includes(state(pid));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

test('a freeze stops the process, and leaves no process behind when it ends', async () => {
  const target = await startTarget(200);
  await target.freeze();
  expect(Number(await target.said())).toBeGreaterThanOrEqual(199);
  target.end();
  await once(target.process, 'exit');
  await until(() => !target.helpers.some(isThere));
});

test.each([
  { killed: 'continuer', index: 0 },
  { killed: 'watchdog', index: 1 },
] as const)('a freeze ends although the $killed is killed meanwhile', async ({ index }) => {
  const target = await startTarget(300);
  await target.freeze();
  process.kill(target.helpers[index], 'SIGKILL');
  expect(Number(await target.said())).toBeGreaterThanOrEqual(299);
});

test('the helpers sit out a Ctrl-C that reaches the whole group', async () => {
  const target = await startTarget(300);
  await target.freeze();
  for (const pid of target.helpers) process.kill(pid, 'SIGINT');
  expect(Number(await target.said())).toBeGreaterThanOrEqual(299);
});

test('the helpers end when the frozen process is killed', async () => {
  const target = await startTarget(60_000);
  await target.freeze();
  process.kill(target.pid, 'SIGKILL');
  await until(() => !target.helpers.some(isThere));
});

test('helpers that are gone are replaced before the next freeze', async () => {
  const target = await startTarget(100);
  for (const pid of target.helpers) process.kill(pid, 'SIGKILL');
  await until(() => !target.helpers.some(isThere));
  target.process.stdin?.write('now\n');
  expect(Number(await target.said())).toBeGreaterThanOrEqual(99);
});

test('nothing is stopped when a helper is gone at the last moment', async () => {
  const others = new Set(childrenOf(process.pid));
  const strategy = freeze();
  await strategy.prepare(60_000);
  const helpers = childrenOf(process.pid).filter((pid) => !others.has(pid));
  expect(helpers).toHaveLength(2);
  for (const pid of helpers) process.kill(pid, 'SIGKILL');
  while (helpers.some(isThere)); // no turn of the loop, or it would be told of their end
  expect(() => strategy.strike(60_000)).toThrow(
    /^The helper process \d+ that ends a freeze did not answer within 1000 ms/,
  );
  await strategy.stop();
});

test('a freeze that somebody else ends early is an error', async () => {
  const target = await startTarget(10_000);
  await target.freeze();
  process.kill(target.pid, 'SIGCONT');
  expect(await target.said()).toMatch(/A freeze of 10000 ms lasted .+ another process/);
});
