import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { stopSign } from '../../pauses/detector/stopSign.ts';

/** Burns and waits, then is stopped: what does the sign say of each? In a process of its own. */
const program = `
  import { stopSign } from ${JSON.stringify(new URL('../../pauses/detector/stopSign.ts', import.meta.url).href)};
  const sign = stopSign();
  const untilMs = performance.now() + 30;
  while (performance.now() < untilMs);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
  const before = sign.wasStopped(0, performance.now());
  const fromMs = performance.now();
  console.log('stop me');
  process.stdin.once('data', () => {
    const toMs = performance.now();
    const during = [sign.wasStopped(fromMs, toMs), sign.wasStopped(fromMs, toMs)];
    const after = sign.wasStopped(performance.now(), Infinity);
    console.log(JSON.stringify({ before, during, after, known: sign.isKnown }));
    sign.close();
    process.exit();
  });
`;

test.runIf(process.platform === 'linux')(
  'stopSign() tells a stop from work and from waiting',
  async () => {
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    child.stdout.setEncoding('utf8');
    const closed = once(child, 'close');
    for await (const chunk of child.stdout) {
      lines.push(chunk.trim());
      if (lines.length > 1) break;
      child.kill('SIGSTOP');
      // A stop that has not happened yet would be undone by the signal to continue.
      await vi.waitUntil(() => readFileSync(`/proc/${child.pid}/stat`, 'latin1').includes(') T'));
      child.kill('SIGCONT');
      child.stdin.write('go on');
    }
    await closed;
    expect(JSON.parse(lines[1] ?? '')).toEqual({
      before: false,
      during: [true, true],
      after: false,
      known: true,
    });
  },
);

test('stopSign() that is closed tells nothing', () => {
  const sign = stopSign();
  sign.close();
  expect(sign.wasStopped(0, performance.now())).toBeNull();
  expect(sign.isKnown).toBe(false);
});
