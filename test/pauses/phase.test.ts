import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inPhase } from '../../pauses/phase.ts';
import type { Phase } from '../../pauses/strategy.ts';

const replyMs = 20;
const timeoutMs = 200;

// Answers from a thread of its own, since the caller's own is blocked.
const server = `
  const { parentPort, workerData: { replied } } = require('node:worker_threads');
  require('node:net')
    .createServer((socket) => socket.on('data', () => setTimeout(() => {
      socket.end('reply', () => {
        Atomics.store(replied, 0, 1);
        Atomics.notify(replied, 0);
      });
    }, ${replyMs})))
    .listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

describe('inPhase()', () => {
  let worker: Worker;
  let port: number;

  const replied = new Int32Array(new SharedArrayBuffer(4));

  beforeAll(async () => {
    worker = new Worker(server, { eval: true, workerData: { replied } });
    [port] = await once(worker, 'message');
  });
  afterAll(() => worker.terminate());

  /** The caller is blocked until the reply is in its socket and the time-out is past. */
  async function firstSeen(phase: Phase): Promise<string> {
    Atomics.store(replied, 0, 0);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const seen: string[] = [];
    socket.once('data', () => seen.push('reply'));
    const timeout = new Promise<void>((resolve) => {
      setTimeout(() => resolve(void seen.push('time-out')), timeoutMs);
    });
    const dueMs = performance.now() + timeoutMs + 2;
    socket.write('request');
    await inPhase(phase, () => {
      Atomics.wait(replied, 0, 0);
      while (performance.now() < dueMs);
    });
    await Promise.all([once(socket, 'end'), timeout]);
    return seen.join(', then ');
  }

  test.each<{ phase: Phase; want: string }>([
    { phase: 'poll', want: 'time-out, then reply' },
    { phase: 'check', want: 'time-out, then reply' },
    { phase: 'timers', want: 'reply, then time-out' },
  ])('sees the $want when the caller is blocked in $phase', async ({ phase, want }) => {
    expect(await firstSeen(phase)).toBe(want);
    expect(await firstSeen(phase)).toBe(want);
  });

  test.each<Phase>(['poll', 'check', 'timers'])(
    'hands on what %s returned or threw',
    async (phase) => {
      expect(await inPhase(phase, () => 42)).toBe(42);
      expect(await inPhase(phase, async () => 43)).toBe(43);
      await expect(
        inPhase(phase, () => {
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
    },
  );
});
